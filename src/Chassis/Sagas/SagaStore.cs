using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;

namespace Quintet.Chassis.Sagas;

/// <summary>What a saga needs of its surroundings: the service's database and the time. Scoped like the context it writes to.</summary>
public sealed class SagaStore
{
    internal SagaStore(DbContext db, TimeProvider time) => (Db, Time) = (db, time);

    internal DbContext Db { get; }

    internal TimeProvider Time { get; }

    internal DbSet<SagaRow> Rows => Db.Set<SagaRow>();
}
