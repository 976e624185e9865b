/* The test runner, see test.h. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DESCRIPTORS = 4096, /* the leak check looks at these; tests open few */
	TIMEOUT_SECONDS = 20,
#if defined(__SANITIZE_THREAD__)
	PATIENCE = 10, /* all takes that much longer */
#elif defined(__SANITIZE_ADDRESS__)
	PATIENCE = 3,
#else
	PATIENCE = 1,
#endif
	/* How the process of a test ends; sanitizers have exit codes of their own. */
	EXIT_FAILED = 70, /* the reason is already printed */
	EXIT_SKIPPED = 77,
};

static const char *running = "?"; /* the name of the test, for the lines that it prints */
static bool forked;

void test_timeout(unsigned seconds)
{
	if (forked)
		alarm(seconds * PATIENCE);
}

_Noreturn void test_skip(const char *reason)
{
	printf("skip %s: %s\n", running, reason);
	fflush(stdout);
	_exit(EXIT_SKIPPED);
}

_Noreturn void test_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	/* One line, whole, even if several threads or processes fail at once. */
	flockfile(stdout);
	printf("FAIL %s: %s:%d: ", running, file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
	if (!forked)
		abort(); /* a debugger stops here */
	_exit(EXIT_FAILED);
}

static void note_descriptors(bool open[DESCRIPTORS])
{
	for (int i = 0; i < DESCRIPTORS; i++)
		open[i] = fcntl(i, F_GETFD) >= 0;
}

static void check_descriptors(const bool before[DESCRIPTORS])
{
	for (int i = 0; i < DESCRIPTORS; i++)
		if (!before[i] && fcntl(i, F_GETFD) >= 0)
			test_fail("descriptors", i, "left open");
}

static _Noreturn void run_in_child(const struct test_case *test)
{
	static bool open[DESCRIPTORS];
	sigset_t alarm_signal;

	/* A group of its own, so that what the test leaves running is found and ended. */
	setpgid(0, 0);
	forked = true;
	sigemptyset(&alarm_signal);
	sigaddset(&alarm_signal, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_signal, NULL);
	signal(SIGALRM, SIG_DFL);
	test_timeout(TIMEOUT_SECONDS);

	note_descriptors(open);
	test->function();
	check_descriptors(open);
	exit(0); /* not _exit: the leak check of AddressSanitizer runs at exit */
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int run_forked(const struct test_case *test)
{
	pid_t child;
	int status;

	running = test->name;
	fflush(NULL);
	child = fork();
	if (child < 0) {
		perror("fork");
		exit(2);
	}
	if (child == 0)
		run_in_child(test);
	setpgid(child, child); /* the child does it too: whoever comes first */
	status = wait_for(child);
	kill(-child, SIGKILL);

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("FAIL %s: timeout\n", test->name);
	else if (WIFSIGNALED(status))
		printf("FAIL %s: signal %d (%s)\n", test->name, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == 0)
		printf("ok   %s\n", test->name);
	else if (WEXITSTATUS(status) != EXIT_FAILED && WEXITSTATUS(status) != EXIT_SKIPPED)
		printf("FAIL %s: exit status %d\n", test->name, WEXITSTATUS(status));
	return WIFSIGNALED(status) ? EXIT_FAILED : WEXITSTATUS(status);
}

/* Runs the tests of these names in this process. */
static int run_named(const struct test_case *cases, size_t count, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < count && strcmp(cases[k].name, argv[i]) != 0)
			k++;
		if (k == count) {
			fprintf(stderr, "%s: no test is called %s\n", argv[0], argv[i]);
			return 2;
		}
		running = cases[k].name;
		cases[k].function();
		printf("ok   %s\n", running);
	}
	return 0;
}

int test_main(const struct test_case *cases, size_t count, int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	unsigned passed = 0, failed = 0, skipped = 0;

	if (argc > 1)
		return run_named(cases, count, argc, argv);
	for (size_t i = 0; i < count; i++) {
		int status = run_forked(&cases[i]);

		passed += status == 0;
		skipped += status == EXIT_SKIPPED;
		failed += status != 0 && status != EXIT_SKIPPED;
	}
	printf("%s: %u passed, %u failed, %u skipped\n", slash ? slash + 1 : argv[0], passed,
		failed, skipped);
	return failed > 0 || count == 0;
}
