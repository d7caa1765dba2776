namespace Quintet.Chassis.Data;

/// <summary>One step of the chassis' tables, in the words of each engine.</summary>
internal sealed record ChassisStep(string Sqlite, string Postgres);
