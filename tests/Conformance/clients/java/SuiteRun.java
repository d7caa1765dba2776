import java.util.Arrays;
import java.util.Comparator;
import org.junit.runner.Description;
import org.junit.runner.JUnitCore;
import org.junit.runner.Request;
import org.junit.runner.manipulation.Filter;
import org.junit.runner.notification.Failure;
import org.junit.runner.notification.RunListener;

/** Runs test classes and says what each test came to; -Class.test leaves one out. */
public final class SuiteRun {
    private static int passed, failed;

    public static void main(String[] arguments) throws ClassNotFoundException {
        JUnitCore core = new JUnitCore();
        core.addListener(new Report());
        for (String argument : arguments) {
            if (argument.startsWith("-")) continue;
            Request request = Request.aClass(Class.forName(argument))
                .filterWith(new Without(arguments))
                .sortWith(Comparator.comparing(Description::getDisplayName));
            core.run(request);
        }
        System.out.printf("%d passed, %d failed%n", passed, failed);
        System.exit(failed == 0 ? 0 : 1); // a client's thread that goes on does not count
    }

    private static final class Report extends RunListener {
        private boolean isFailed;
        private long started;

        @Override
        public void testStarted(Description test) {
            isFailed = false;
            started = System.nanoTime();
            System.out.println("run  " + test.getDisplayName());
        }

        @Override
        public void testFailure(Failure failure) {
            isFailed = true;
            System.out.println("FAIL " + failure.getTestHeader() + "\n" + failure.getTrimmedTrace());
        }

        @Override
        public void testFinished(Description test) {
            if (isFailed) failed++;
            else passed++;
            System.out.printf("%s %s %d ms%n", isFailed ? "FAIL" : "ok  ", test.getDisplayName(), (System.nanoTime() - started) / 1_000_000);
        }
    }

    private static final class Without extends Filter {
        private final String[] arguments;

        private Without(String[] arguments) {
            this.arguments = arguments;
        }

        @Override
        public boolean shouldRun(Description description) {
            return !description.isTest() || Arrays.stream(arguments).noneMatch(
                argument -> argument.equals("-" + description.getTestClass().getSimpleName() + "." + description.getMethodName()));
        }

        @Override
        public String describe() {
            return "without what is left out";
        }
    }
}
