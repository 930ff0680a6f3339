/* What both examples need: an end with a message, memory, files. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <dicod.h>
#include <stddef.h>

/* Prints a message as printf() does, and ends the program with a failure. */
void fail(const char *format, ...);

/* Room for `count` elements of `size` bytes, all zero. Ends the program if there is none. */
void *allocate(size_t count, size_t size);

/* Ends the program with the library's message if `status` is an error; gives it back otherwise. */
dicod_status check(dicod_status status, const char *call);
#define CHECK(call) check((call), #call)

/* The whole file, `*size` bytes; free() it. */
unsigned char *read_file(const char *path, size_t *size);

/* "directory/name"; free() it. */
char *join_path(const char *directory, const char *name);

/* Prints the rows that every solve has: from lambda to the bytes held. `n_values`: numbers in the signal, `n_z`: in the
 * activations; `energy`: sum of squares of the signal. */
void print_table(const dicod_info *info, double n_values, double n_z, double energy);

#endif
