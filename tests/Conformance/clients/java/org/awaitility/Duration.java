package org.awaitility;

import java.util.concurrent.TimeUnit;

/** As far as the suite of RabbitMQ's Java client uses it: Debian does not have Awaitility. */
public final class Duration {
    final long nanos;

    public Duration(long amount, TimeUnit unit) {
        nanos = unit.toNanos(amount);
    }
}
