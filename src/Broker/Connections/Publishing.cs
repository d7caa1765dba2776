using System.Diagnostics;
using System.Globalization;
using System.Text;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections.Transactions;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;
using Quintet.Broker.Telemetry;
using Quintet.Broker.Topology;
using Quintet.Broker.Topology.Delays;

namespace Quintet.Broker.Connections;

/// <summary>
/// From a whole message to its queues: 1. may it be published, 2. what do its properties ask for, 3. where does it go, 4. return it if nowhere
/// and mandatory, 5. store and enqueue, 6. note what is to be confirmed. Allocates nothing for a message of the common kind.
/// </summary>
internal sealed class Publishing(Connection connection)
{
    // Ten years, RabbitMQ's bound for times in milliseconds.
    private const long ExpirationMsMax = 315_360_000_000;

    private readonly RouteResult _route = new();
    private byte[] _lastName = [];
    private string _lastNameText = "";

    public void Publish(Channel channel, ContentAssembly content)
    {
        ulong number = channel.Confirms?.Next() ?? 0;
        Envelope envelope = content.Envelope;
        Span<char> keyRoom = stackalloc char[byte.MaxValue];
        ReadOnlySpan<char> key = keyRoom[..Encoding.UTF8.GetChars(envelope.RoutingKey, keyRoom)];
        Exchange exchange = RequireExchange(channel, NameOf(envelope.Exchange), key);
        if (!BasicProperties.TryParse(envelope.Properties, out BasicProperties properties))
            throw new AmqpException(ReplyCode.FrameError,
                $"cannot decode {ErlangTerm.Binary(envelope.Properties[..Math.Min(32, envelope.Properties.Length)])}");
        if (exchange is DelayedExchange) DelayHeader.Check(properties.Headers);
        if (properties.HasUserId) RequireOwn(properties.UserId);
        long now = connection.Broker.Node.Time.GetUtcNow().ToUnixTimeMilliseconds();
        long expiresAt = properties.HasExpiration ? now + ReadExpiration(properties.Expiration) : 0;

        connection.Broker.Metrics.Published();
        channel.Stats.Count(Happening.Publish);
        using Activity? span = MessageTracing.IsOn ? MessageTracing.StartIncoming(properties, exchange.Name, key) : null;
        _route.Clear();
        ReadOnlySpan<byte> octets = content.EnvelopeOctets;
        IReadOnlyList<string>? moreKeys = properties.HasCopies ? ReadCopies(envelope, properties, connection.Broker.Limits.CopyKeys, ref octets) : null;
        ReadOnlySpan<byte> original = content.EnvelopeOctets;
        if (DirectReplies.IsPseudoQueue(properties.ReplyTo))
        {
            octets = WithReplyAddress(channel, octets);
            original = properties.HasCopies ? WithReplyAddress(channel, original) : octets;
        }

        _route.Follow(exchange, new RoutedMessage(key, properties.Headers, properties.Octets), moreKeys);
        exchange.Stats.Count(_route.Queues.Count);
        if (channel.Transaction is { } transaction)
        {
            AddTo(transaction, new PendingPublish(octets.ToArray(), original.ToArray(), content.BorrowedBody.ToArray(), _route.Copy())
            {
                IsMandatory = content.IsMandatory,
                IsPersistent = properties.IsPersistent,
                Priority = properties.Priority,
                ExpirationMs = properties.HasExpiration ? expiresAt - now : null,
            });
            return;
        }

        if (_route is { IsEmpty: true, IsDuplicate: false, IsContested: false })
        {
            _route.GiveBackClaims();
            bool isReply = envelope.Exchange.IsEmpty && DirectReplies.IsAddress(key)
                && connection.Broker.Replies.TryDeliver(channel.Vhost.Name, new Envelope(octets), content.BorrowedBody.Span);
            if (!isReply) NoteUnroutable(octets);

            // A mandatory answer is returned even when it was delivered: no queue took it, and RabbitMQ does the same.
            channel.Stats.Count(content.IsMandatory ? Happening.ReturnUnroutable : Happening.DropUnroutable);
            if (content.IsMandatory) Return(channel, octets, content.BorrowedBody.Span);
            channel.Confirms?.Accept(number, isStored: false, isRefused: false);
            return;
        }

        IncomingMessage message = new()
        {
            Envelope = octets,
            Original = original,
            Body = content.BorrowedBody,
            IsPersistent = properties.IsPersistent,
            Priority = properties.Priority,
            ExpiresAt = expiresAt,
            NowMs = now,
        };
        Acceptance accepted = Accept(channel, _route, message, number);
        if (accepted.IsRefused) connection.Broker.Metrics.Refused();
        if (channel.Confirms is { } confirms) Note(confirms, number, accepted);
    }

    private void NoteUnroutable(ReadOnlySpan<byte> octets)
    {
        connection.Broker.Metrics.Unroutable();
        connection.Broker.Node.Hops.Unroutable(octets);
    }

    private void Note(Confirms confirms, ulong number, Acceptance accepted)
    {
        bool waitsForFirst = _route.IsDuplicate && !accepted.IsStored && !accepted.IsRefused;
        confirms.Accept(number, accepted.IsStored || waitsForFirst, accepted.IsRefused);
        if (waitsForFirst) _ = ConfirmWithFirstAsync(confirms, number);
    }

    private void AddTo(Transaction transaction, PendingPublish publish)
    {
        try
        {
            transaction.Add(publish);
        }
        catch
        {
            _route.GiveBackClaims();
            throw;
        }
    }

    // A dropped duplicate is confirmed when the message that came first is on disk, which it may not be yet. Without space it waits, as that one does.
    private async Task ConfirmWithFirstAsync(Confirms confirms, ulong number)
    {
        try
        {
            await connection.Broker.Node.Store.FlushedAsync();
            confirms.Durable(number);
        }
        catch (StorageException)
        {
            // The broker stops: an unconfirmed message is what its publisher is left with, as with any other.
        }
    }

    private static byte[] WithReplyAddress(Channel channel, ReadOnlySpan<byte> octets)
    {
        if (channel.Replies is not { } replies) throw new AmqpException(ReplyCode.PreconditionFailed, "fast reply consumer does not exist");
        Envelope envelope = new(octets);
        return BasicProperties.TryParse(envelope.Properties, out BasicProperties properties)
            ? Envelope.Create(0, 0, (envelope.Exchange.ToArray(), envelope.RoutingKey.ToArray()), properties.WithReplyTo(replies.AddressOctets))
            : throw new InvalidOperationException("properties that were read cannot be read again");
    }

    /// <summary>Puts a message of a transaction into its queues; false when a queue refuses it.</summary>
    public bool Commit(Channel channel, PendingPublish publish)
    {
        publish.Route.LookUpAgain(channel.Vhost);
        if (publish.Route is { IsEmpty: true, IsDuplicate: false, IsContested: false })
        {
            publish.Route.GiveBackClaims();
            Envelope envelope = new(publish.Envelope);
            bool isReply = envelope.Exchange.IsEmpty && connection.Broker.Replies.TryDeliver(channel.Vhost.Name, envelope, publish.Body);
            if (!isReply) NoteUnroutable(publish.Envelope);
            channel.Stats.Count(publish.IsMandatory ? Happening.ReturnUnroutable : Happening.DropUnroutable);
            if (publish.IsMandatory) Return(channel, publish.Envelope, publish.Body);
            return true;
        }

        long now = connection.Broker.Node.Time.GetUtcNow().ToUnixTimeMilliseconds();
        IncomingMessage message = new()
        {
            Envelope = publish.Envelope,
            Original = publish.Original,
            Body = publish.Body,
            IsPersistent = publish.IsPersistent,
            Priority = publish.Priority,
            ExpiresAt = publish.ExpirationMs is { } expiration ? now + expiration : 0,
            NowMs = now,
        };
        Acceptance accepted = Accept(channel, publish.Route, message, 0);
        if (accepted.IsRefused) connection.Broker.Metrics.Refused();
        return !accepted.IsRefused;
    }

    private Acceptance Accept(Channel channel, RouteResult route, in IncomingMessage message, ulong number)
    {
        try
        {
            return connection.Broker.Node.Intake.Accept(route, message, new Awaited(channel.Confirms, number));
        }
        catch (StorageFullException)
        {
            // Nothing was stored. Who waits for a confirm is told so; who does not must not believe otherwise.
            if (channel.IsConfirming) return new Acceptance(IsStored: false, IsRefused: true);
            throw new AmqpException(ReplyCode.ResourceError, "no space left on the disk for this message");
        }
    }

    private static Exchange RequireExchange(Channel channel, string name, ReadOnlySpan<char> key)
    {
        channel.Permissions.RequireWrite(name);
        Exchange exchange = name.Length == 0 ? channel.Vhost.Default : channel.Vhost.GetExchange(name);
        if (exchange.Settings.IsInternal)
            throw new AmqpException(ReplyCode.AccessRefused, $"cannot publish to internal {exchange.Settings.Described}");
        if (exchange is TopicExchange) channel.Permissions.RequireTopic(Right.Write, name, key);
        return exchange;
    }

    // Publishers use one exchange again and again: its name is decoded once.
    private string NameOf(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return "";
        if (name.SequenceEqual(_lastName)) return _lastNameText;
        _lastName = name.ToArray();
        _lastNameText = Encoding.UTF8.GetString(name);
        return _lastNameText;
    }

    private void RequireOwn(ReadOnlySpan<byte> userId)
    {
        string claimed = Encoding.UTF8.GetString(userId);
        if (claimed != connection.Facts.User && connection.Broker.Users.Find(connection.Facts.User) is not { MayImpersonate: true })
            throw new AmqpException(
                ReplyCode.PreconditionFailed, $"user_id property set to '{claimed}' but authenticated user was '{connection.Facts.User}'");
    }

    private static long ReadExpiration(ReadOnlySpan<byte> text)
    {
        string shown = Encoding.UTF8.GetString(text);
        int digits = shown.Length > 0 && shown[0] is '-' or '+' ? 1 : 0;
        while (digits < shown.Length && char.IsAsciiDigit(shown[digits])) digits++;
        if (!long.TryParse(shown.AsSpan(0, digits), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
            throw InvalidExpiration(shown, digits > 18 ? $"{{value_too_large,{shown[..digits]}}}" : "no_integer");
        if (digits < shown.Length) throw InvalidExpiration(shown, $"{{leftover_string,\"{shown[digits..]}\"}}");
        if (value < 0) throw InvalidExpiration(shown, $"{{value_negative,{value}}}");
        if (value > ExpirationMsMax) throw InvalidExpiration(shown, $"{{value_too_large,{value}}}");
        return value;
    }

    private static AmqpException InvalidExpiration(string text, string fault) =>
        new(ReplyCode.PreconditionFailed, $"invalid expiration '{text}': {fault}");

    // Sender-selected distribution: CC and BCC hold more routing keys; BCC is taken out before anybody sees it.
    private static List<string> ReadCopies(in Envelope envelope, in BasicProperties properties, int most, ref ReadOnlySpan<byte> octets)
    {
        FieldTable headers = properties.ReadHeaders();
        List<string> moreKeys = [];
        foreach (string name in (string[])["CC", "BCC"])
        {
            if (!headers.TryGet(name, out FieldValue copies)) continue;
            if (copies.Object is not List<FieldValue> keys)
                throw new AmqpException(ReplyCode.PreconditionFailed, $"invalid message: {{unacceptable_type_in_header,\"{name}\",{copies.KindName}}}");
            foreach (FieldValue key in keys)
                if (key.Text is { } text) moreKeys.Add(RequireShort(text, key.Octets.Length));
            if (moreKeys.Count > most)
                throw new AmqpException(ReplyCode.PreconditionFailed, $"more than the configured max of {most} routing keys in the headers CC and BCC");
        }

        if (!headers.TryGet("BCC", out _)) return moreKeys;
        headers.Remove("BCC");
        octets = Envelope.Create(0, 0, (envelope.Exchange.ToArray(), envelope.RoutingKey.ToArray()), properties.With(headers));
        return moreKeys;
    }

    // Exchanges match what a short string can hold, and a dead letter's key must fit into one.
    private static string RequireShort(string key, int octets) => octets <= byte.MaxValue ? key
        : throw new AmqpException(ReplyCode.PreconditionFailed, $"a routing key of {octets} octets in the headers CC or BCC is longer than {byte.MaxValue}");

    private void Return(Channel channel, ReadOnlySpan<byte> octets, ReadOnlySpan<byte> body)
    {
        Envelope envelope = new(octets);
        FrameBuffer output = channel.Outgoing.Lock();
        try
        {
            ContentFrames.Return(
                output, (channel.Number, connection.Facts.FrameBytesMax), ReplyCode.NoRoute, new Content(envelope.Routing, envelope.Properties, body));
        }
        finally
        {
            channel.Outgoing.Unlock();
        }
    }
}
