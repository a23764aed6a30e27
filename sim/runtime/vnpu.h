/* The C interface: open a model, set inputs, run or step, get outputs. Other languages are a binding of this.
 *
 * Functions that can fail return a vnpu_status, the exit status of the command line: 0 fine, 2 wrong usage, 3 damaged
 * input, 4 recognised but refused, 5 the simulated device faulted, 70 internal error. The text of the last error of a
 * thread is vnpu_error_text(). A network is used by one thread at a time; different networks are independent. */
#ifndef VNPU_H
#define VNPU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vnpu_network vnpu_network;

typedef enum {
  VNPU_OK = 0,
  VNPU_USAGE = 2,
  VNPU_DAMAGED = 3,
  VNPU_UNSUPPORTED = 4,
  VNPU_FAULT = 5,
  VNPU_INTERNAL = 70
} vnpu_status;

typedef struct {
  const char* name;  /* valid as long as the network */
  const char* dtype; /* "f32", "bf16", "i8", "u8", ... */
  size_t rank;
  const int64_t* shape; /* rank dimensions, outermost first */
  size_t bytes;         /* of the device buffer: what vnpu_set and vnpu_get copy */
  double qscale; /* input: round_half_away(x * qscale + zero_point); output: (q - zero_point) * qscale; 0, 1: none */
  int zero_point;
} vnpu_tensor_info;

/* Creates a network from a file or from bytes in memory (copied). `engine` is "fast" or "scalar", `quirks` "vendor",
 * "none" or a list of names; NULL stands for "fast" and "vendor". */
vnpu_status vnpu_open(const char* path, unsigned program, const char* engine, const char* quirks,
                      vnpu_network** network);
vnpu_status vnpu_open_memory(const void* bytes, size_t size, unsigned program, const char* engine, const char* quirks,
                             vnpu_network** network);
void vnpu_free(vnpu_network* network); /* NULL is allowed */

size_t vnpu_input_count(const vnpu_network* network);
size_t vnpu_output_count(const vnpu_network* network);
vnpu_status vnpu_input_info(const vnpu_network* network, size_t index, vnpu_tensor_info* info);
vnpu_status vnpu_output_info(const vnpu_network* network, size_t index, vnpu_tensor_info* info);

/* Copies exactly `size` bytes, which must be the tensor's own size. vnpu_get takes the name of any tensor. */
vnpu_status vnpu_set(vnpu_network* network, const char* name, const void* bytes, size_t size);
vnpu_status vnpu_get(const vnpu_network* network, const char* name, void* bytes, size_t size);

vnpu_status vnpu_run(vnpu_network* network);
/* One command or host function; *more is 0 when the inference is complete (nothing was executed then). */
vnpu_status vnpu_step(vnpu_network* network, int* more);

const char* vnpu_error_text(void); /* of the calling thread's last failed call; never NULL */
const char* vnpu_version(void);

#ifdef __cplusplus
}
#endif

#endif
