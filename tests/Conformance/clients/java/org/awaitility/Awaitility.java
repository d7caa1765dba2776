package org.awaitility;

import java.util.concurrent.Callable;
import org.hamcrest.Matcher;
import org.hamcrest.MatcherAssert;

/** As far as the suite of RabbitMQ's Java client uses it: Debian does not have Awaitility. */
public final class Awaitility {
    private final Duration atMost;

    private Awaitility(Duration atMost) {
        this.atMost = atMost;
    }

    public static Awaitility waitAtMost(Duration duration) {
        return new Awaitility(duration);
    }

    public <T> void until(Callable<T> value, Matcher<? super T> matcher) {
        long start = System.nanoTime();
        try {
            while (!matcher.matches(value.call()) && System.nanoTime() - start < atMost.nanos) Thread.sleep(20);
            MatcherAssert.assertThat(value.call(), matcher);
        } catch (RuntimeException | Error fault) {
            throw fault;
        } catch (Exception fault) {
            throw new IllegalStateException(fault);
        }
    }
}
