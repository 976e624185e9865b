/* Questions: what only the machine can answer about the platform. */
#ifndef CLIENT_QUESTIONS_H
#define CLIENT_QUESTIONS_H

/*
 * Runs the server's program with --questions: what it says comes below what was printed. On a platform
 * about which nothing is in question it says nothing, nor does this if there is no such program.
 */
void questions_print(void);

#endif
