/* The reference for what the machine can do: one thread, epoll, parse a query, look it up in a hash table, one send.
 *
 * Serves the first COUNT mailboxes of workload.ts, each its own owner. No metrics, no limits, no deadlines, no cache that
 * could be wrong: whatever loginmapd costs on top of this buys those.
 *
 * usage: limit COUNT (socketmap|tcp_table) (PATH|PORT) ...      prints "ready" when all are bound
 */
#define _GNU_SOURCE
#include "addresses.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BUFFER_BYTES = 16384, REPLY_BYTES = 64, EVENTS = 256, BACKLOG = 1024 };

/* ---- the table: open addressing, at most half full ---- */

struct entry {
  char key[KEY_BYTES];
  unsigned char is_used;
};
static struct entry *table;
static uint32_t mask;

static uint32_t hash(const char *key) { /* FNV-1a over words; the last two bytes are the same in every key */
  uint64_t h = 14695981039346656037ull, word;
  for (int i = 0; i + 8 <= KEY_BYTES; i += 8) {
    memcpy(&word, key + i, 8);
    h = (h ^ word) * 1099511628211ull;
    h ^= h >> 29;
  }
  return (uint32_t)(h ^ (h >> 32));
}

static struct entry *slot_of(const char *key) {
  uint32_t i = hash(key) & mask;
  while (table[i].is_used && memcmp(table[i].key, key, KEY_BYTES) != 0) i = (i + 1) & mask;
  return &table[i];
}

static void fill(unsigned count) {
  uint32_t size = 2;
  while (size < 2 * count) size *= 2;
  mask = size - 1;
  table = calloc(size, sizeof *table);
  for (unsigned i = 0; i < count; i++) {
    char key[KEY_BYTES];
    write_address(key, "user", "host", i);
    struct entry *slot = slot_of(key);
    memcpy(slot->key, key, KEY_BYTES);
    slot->is_used = 1;
  }
}

static int is_mailbox(const char *key, size_t length) { return length == KEY_BYTES && slot_of(key)->is_used; }

/* ---- connections ---- */

struct connection {
  int fd;
  int is_listener;
  int is_tcp_table;
  size_t filled;
  char buffer[BUFFER_BYTES];
};

/* Answers the query at `at`; returns the bytes taken, 0 when it is not whole, -1 when it is none. */
static ssize_t answer_socketmap(const char *at, size_t left, char *out, size_t *out_bytes) {
  size_t i = 0, length = 0;
  while (i < left && i < 6 && at[i] >= '0' && at[i] <= '9') length = length * 10 + (size_t)(at[i++] - '0');
  if (i == left) return 0;
  if (i == 0 || at[i] != ':') return -1;
  i++;
  if (left < i + length + 1) return length > BUFFER_BYTES - 16 ? -1 : 0;
  if (at[i + length] != ',') return -1;
  const char *space = memchr(at + i, ' ', length);
  if (space == NULL) return -1;
  const char *key = space + 1;
  size_t key_bytes = (size_t)(at + i + length - key);
  if (is_mailbox(key, key_bytes)) {
    memcpy(out, "29:OK ", 6);
    memcpy(out + 6, key, KEY_BYTES);
    out[6 + KEY_BYTES] = ',';
    *out_bytes = 7 + KEY_BYTES;
  } else {
    memcpy(out, "9:NOTFOUND ,", *out_bytes = 12);
  }
  return (ssize_t)(i + length + 1);
}

static ssize_t answer_tcp_table(const char *at, size_t left, char *out, size_t *out_bytes) {
  const char *end = memchr(at, '\n', left);
  if (end == NULL) return 0;
  if (end - at < 4 || memcmp(at, "get ", 4) != 0) return -1;
  const char *key = at + 4;
  if (is_mailbox(key, (size_t)(end - key))) {
    memcpy(out, "200 ", 4);
    memcpy(out + 4, key, KEY_BYTES);
    out[4 + KEY_BYTES] = '\n';
    *out_bytes = 5 + KEY_BYTES;
  } else {
    memcpy(out, "500 not found\n", *out_bytes = 14);
  }
  return end + 1 - at;
}

/* Reads what is there, answers every whole query in one send. Returns 0 when the connection is to be closed. */
static int serve(struct connection *c) {
  static char out[BUFFER_BYTES / 8 * REPLY_BYTES]; /* no query is shorter than 8 bytes */
  ssize_t got = recv(c->fd, c->buffer + c->filled, BUFFER_BYTES - c->filled, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  c->filled += (size_t)got;
  size_t taken = 0, out_filled = 0;
  while (taken < c->filled) {
    size_t reply_bytes = 0;
    ssize_t used = (c->is_tcp_table ? answer_tcp_table : answer_socketmap)(c->buffer + taken, c->filled - taken,
                                                                           out + out_filled, &reply_bytes);
    if (used < 0) return 0;
    if (used == 0) break;
    taken += (size_t)used;
    out_filled += reply_bytes;
  }
  memmove(c->buffer, c->buffer + taken, c->filled -= taken);
  if (c->filled == BUFFER_BYTES) return 0;
  return out_filled == 0 || send(c->fd, out, out_filled, MSG_NOSIGNAL) == (ssize_t)out_filled;
}

static void watch(int epoll, struct connection *c) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void accept_all(int epoll, struct connection *listener) {
  int fd, one = 1;
  while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = malloc(sizeof *c);
    c->fd = fd;
    c->is_listener = 0;
    c->is_tcp_table = listener->is_tcp_table;
    c->filled = 0;
    watch(epoll, c);
  }
}

static int listen_at(const char *place) {
  int fd, one = 1, bound;
  if (place[0] == '/') {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, place, sizeof address.sun_path - 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  } else {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(place))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  }
  if (bound < 0 || listen(fd, BACKLOG) < 0) {
    perror(place);
    exit(1);
  }
  return fd;
}

int main(int argc, char **argv) {
  if (argc < 4 || argc % 2 != 0) {
    fprintf(stderr, "usage: limit COUNT (socketmap|tcp_table) (PATH|PORT) ...\n");
    return 64;
  }
  fill((unsigned)atoi(argv[1]));
  int epoll = epoll_create1(0);
  for (int i = 2; i < argc; i += 2) {
    struct connection *listener = calloc(1, sizeof *listener);
    listener->fd = listen_at(argv[i + 1]);
    listener->is_listener = 1;
    listener->is_tcp_table = strcmp(argv[i], "tcp_table") == 0;
    watch(epoll, listener);
  }
  puts("ready");
  fflush(stdout);
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->is_listener) {
        accept_all(epoll, c);
      } else if (!serve(c)) {
        close(c->fd);
        free(c);
      }
    }
  }
}
