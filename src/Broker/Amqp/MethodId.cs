namespace Quintet.Broker.Amqp;

/// <summary>Class id in the upper 16 bits, method id in the lower: the first four octets of a method frame's payload.</summary>
internal static class MethodId
{
    public const uint ConnectionStart = 10 << 16 | 10;
    public const uint ConnectionStartOk = 10 << 16 | 11;
    public const uint ConnectionSecure = 10 << 16 | 20;
    public const uint ConnectionSecureOk = 10 << 16 | 21;
    public const uint ConnectionTune = 10 << 16 | 30;
    public const uint ConnectionTuneOk = 10 << 16 | 31;
    public const uint ConnectionOpen = 10 << 16 | 40;
    public const uint ConnectionOpenOk = 10 << 16 | 41;
    public const uint ConnectionClose = 10 << 16 | 50;
    public const uint ConnectionCloseOk = 10 << 16 | 51;
    public const uint ConnectionBlocked = 10 << 16 | 60;
    public const uint ConnectionUnblocked = 10 << 16 | 61;
    public const uint ConnectionUpdateSecret = 10 << 16 | 70;
    public const uint ConnectionUpdateSecretOk = 10 << 16 | 71;

    public const uint ChannelOpen = 20 << 16 | 10;
    public const uint ChannelOpenOk = 20 << 16 | 11;
    public const uint ChannelFlow = 20 << 16 | 20;
    public const uint ChannelFlowOk = 20 << 16 | 21;
    public const uint ChannelClose = 20 << 16 | 40;
    public const uint ChannelCloseOk = 20 << 16 | 41;

    public const uint AccessRequest = 30 << 16 | 10;
    public const uint AccessRequestOk = 30 << 16 | 11;

    public const uint ExchangeDeclare = 40 << 16 | 10;
    public const uint ExchangeDeclareOk = 40 << 16 | 11;
    public const uint ExchangeDelete = 40 << 16 | 20;
    public const uint ExchangeDeleteOk = 40 << 16 | 21;
    public const uint ExchangeBind = 40 << 16 | 30;
    public const uint ExchangeBindOk = 40 << 16 | 31;
    public const uint ExchangeUnbind = 40 << 16 | 40;
    public const uint ExchangeUnbindOk = 40 << 16 | 51; // 51, not 41: so it stands in RabbitMQ's extension of the specification

    public const uint QueueDeclare = 50 << 16 | 10;
    public const uint QueueDeclareOk = 50 << 16 | 11;
    public const uint QueueBind = 50 << 16 | 20;
    public const uint QueueBindOk = 50 << 16 | 21;
    public const uint QueuePurge = 50 << 16 | 30;
    public const uint QueuePurgeOk = 50 << 16 | 31;
    public const uint QueueDelete = 50 << 16 | 40;
    public const uint QueueDeleteOk = 50 << 16 | 41;
    public const uint QueueUnbind = 50 << 16 | 50;
    public const uint QueueUnbindOk = 50 << 16 | 51;

    public const uint BasicQos = 60 << 16 | 10;
    public const uint BasicQosOk = 60 << 16 | 11;
    public const uint BasicConsume = 60 << 16 | 20;
    public const uint BasicConsumeOk = 60 << 16 | 21;
    public const uint BasicCancel = 60 << 16 | 30;
    public const uint BasicCancelOk = 60 << 16 | 31;
    public const uint BasicPublish = 60 << 16 | 40;
    public const uint BasicReturn = 60 << 16 | 50;
    public const uint BasicDeliver = 60 << 16 | 60;
    public const uint BasicGet = 60 << 16 | 70;
    public const uint BasicGetOk = 60 << 16 | 71;
    public const uint BasicGetEmpty = 60 << 16 | 72;
    public const uint BasicAck = 60 << 16 | 80;
    public const uint BasicReject = 60 << 16 | 90;
    public const uint BasicRecoverAsync = 60 << 16 | 100;
    public const uint BasicRecover = 60 << 16 | 110;
    public const uint BasicRecoverOk = 60 << 16 | 111;
    public const uint BasicNack = 60 << 16 | 120;

    public const uint ConfirmSelect = 85 << 16 | 10;
    public const uint ConfirmSelectOk = 85 << 16 | 11;

    public const uint TxSelect = 90 << 16 | 10;
    public const uint TxSelectOk = 90 << 16 | 11;
    public const uint TxCommit = 90 << 16 | 20;
    public const uint TxCommitOk = 90 << 16 | 21;
    public const uint TxRollback = 90 << 16 | 30;
    public const uint TxRollbackOk = 90 << 16 | 31;

    public const ushort BasicClass = 60;
}
