#include "screen.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The alternate screen and the cursor: xterm's, and everybody's since. */
static const char enter_text[] = "\033[?1049h\033[?25l\033[H\033[2J";
static const char leave_text[] = "\033[m\033[?25h\033[?1049l";

/* Signals that end a program which has gone wrong. */
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* One screen a program; a signal handler has no other way to find it. */
static volatile sig_atomic_t entered, has_settings;
static struct termios settings;
static bool is_left_at_exit;

static size_t dimension(bool height)
{
	struct winsize size = {0};
	const char *name = height ? "LINES" : "COLUMNS", *text = getenv(name);

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row)
		return height ? size.ws_row : size.ws_col;
	long number = text ? strtol(text, NULL, 10) : 0;
	return number > 0 && number < 10000 ? (size_t)number : height ? 24 : 80;
}

size_t screen_width(void)
{
	return dimension(false);
}

size_t screen_height(void)
{
	return dimension(true);
}

bool screen_can_utf8(void)
{
	return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool screen_is_live(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* Safe in a signal handler. */
static void put(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, text, length);
		if (written <= 0)
			return;
		text += written;
		length -= (size_t)written;
	}
}

static void on_fatal(int number)
{
	screen_leave();
	raise(number); /* SA_RESETHAND: the default action now */
}

/* Without memory the program ends wherever it is. */
static void on_exit_of_program(void)
{
	screen_leave();
}

/* A job in the background must not touch the terminal's settings: it would be stopped. */
static bool owns_input(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void screen_enter(void)
{
	struct sigaction action = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND};
	struct termios quiet;

	if (entered)
		return;
	if (!is_left_at_exit)
		is_left_at_exit = atexit(on_exit_of_program) == 0;
	for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++)
		sigaction(fatal_signals[i], &action, NULL);
	/* Before anything is changed: whatever ends us then brings it back. */
	entered = 1;
	if (owns_input() && tcgetattr(STDIN_FILENO, &settings) == 0) {
		quiet = settings;
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
		quiet.c_cc[VMIN] = 1;
		quiet.c_cc[VTIME] = 0;
		has_settings = 1;
		tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	}
	put(enter_text, sizeof enter_text - 1);
}

bool screen_leave(void)
{
	if (!entered)
		return false;
	put(leave_text, sizeof leave_text - 1);
	if (has_settings)
		tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	has_settings = 0;
	entered = 0;
	return true;
}

void screen_show(const char *text)
{
	fputs("\033[H", stdout);
	while (*text) {
		size_t length = strcspn(text, "\n");
		bool last = text[length] == '\0' || text[length + 1] == '\0';
		/* Cleared before it is written: behind the last column that would take the
		 * last character away. No newline at the end: it would scroll. */
		printf("%s%.*s%s", last ? "\033[J" : "\033[K", (int)length, text,
			last ? "" : "\r\n");
		text += length + (text[length] == '\n');
	}
	fflush(stdout);
}
