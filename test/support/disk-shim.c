/*
 * Preloaded into a process, this notes in order what that does to files called data.mdb and to
 * segments of the log, called like 0000000001.log: writes, syncs, truncations. Of files of SQLite
 * (….db, ….db-wal) nothing is noted; they fail like the others. A test rebuilds from
 * the notes what a disk may hold after a power cut. It can also make the disk fail.
 *
 *   DISK_JOURNAL          file that the notes are appended to
 *   DISK_FAIL_WRITE=path  while that file exists, writes fail with ENOSPC
 *   DISK_FAIL_SYNC=path   while that file exists, syncs fail with EIO
 *   DISK_FULL=path        while that file exists, every disk says that it has no room
 *   DISK_READ_ONLY=path   while that file exists, files of SQLite can only be opened for reading
 *
 * Of the files with DISK_LINES in their names, to which a sink adds lines, it notes nothing:
 *
 *   DISK_FAIL_LINES=path    while that file exists, a write at the end writes half, the next fails
 *   DISK_FAIL_OFFSETS=path  while that file exists, writes elsewhere fail with ENOSPC
 *
 * A note: u8 kind, u32 file (0 data.mdb, else the segment's number), u64 offset, u32 length, and
 * for writes the bytes. Kinds: 1 write, 2 sync, 3 truncate (the length in `offset`), 4 write
 * through a descriptor that syncs by itself. The test adds its own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FD 1024
enum { PLAIN = 1, SYNCING = 2, SQLITE = 3, LINES = 4 };
static char watched[MAX_FD];
static char halved[MAX_FD];
static uint32_t file_of[MAX_FD];
static int journal = -1;

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))
typedef int (*open_fn)(const char *, int, ...);
typedef int (*close_fn)(int);
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off64_t);
typedef ssize_t (*writev_fn)(int, const struct iovec *, int);
typedef ssize_t (*write_fn)(int, const void *, size_t);
typedef int (*sync_fn)(int);
typedef int (*statfs_fn)(const char *, struct statfs *);
typedef int (*truncate_fn)(int, off64_t);

static int kind_of(int fd) { return fd >= 0 && fd < MAX_FD ? watched[fd] : 0; }

static void note(uint8_t kind, int fd, uint64_t offset, const void *bytes, uint32_t length) {
  const char *path = getenv("DISK_JOURNAL");
  if (!path || kind_of(fd) == LINES) return;
  if (journal < 0)
    journal = REAL("open64", open_fn)(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  char *record = malloc(17 + length);
  record[0] = (char)kind;
  memcpy(record + 1, &file_of[fd], 4);
  memcpy(record + 5, &offset, 8);
  memcpy(record + 13, &length, 4);
  if (length) memcpy(record + 17, bytes, length);
  size_t total = bytes ? 17 + length : 17;
  if (REAL("write", write_fn)(journal, record, total) != (ssize_t)total) abort();
  free(record);
}

static int failing(const char *variable) {
  const char *path = getenv(variable);
  return path && access(path, F_OK) == 0;
}

static int ends_in(const char *path, const char *end) {
  size_t length = strlen(path), tail = strlen(end);
  return length >= tail && strcmp(path + length - tail, end) == 0;
}

/* Or of DuckDB, which calls its log otherwise. */
static int of_sqlite(const char *path) {
  return ends_in(path, ".db") || ends_in(path, ".db-wal") || ends_in(path, ".db.wal");
}

static int watch(int fd, const char *path, int flags) {
  if (fd < 0 || fd >= MAX_FD) return fd;
  if (of_sqlite(path)) {
    watched[fd] = SQLITE;
    return fd;
  }
  const char *name = strrchr(path, '/');
  name = name ? name + 1 : path;
  unsigned segment = 0;
  int end = 0;
  int data = strcmp(name, "data.mdb") == 0;
  int log = sscanf(name, "%10u.log%n", &segment, &end) == 1 && end == 14 && !name[end];
  watched[fd] = !data && !log ? 0 : (flags & O_DSYNC) ? SYNCING : PLAIN;
  file_of[fd] = log ? segment : 0;
  const char *lines = getenv("DISK_LINES");
  if (lines && strstr(name, lines)) watched[fd] = LINES;
  halved[fd] = 0;
  return fd;
}

#define OPEN(name)                                            \
  int name(const char *path, int flags, ...) {                \
    va_list rest;                                             \
    va_start(rest, flags);                                    \
    int mode = va_arg(rest, int);                             \
    va_end(rest);                                             \
    if ((flags & O_ACCMODE) != O_RDONLY && of_sqlite(path) && failing("DISK_READ_ONLY")) { \
      errno = EROFS;                                          \
      return -1;                                              \
    }                                                         \
    return watch(REAL(#name, open_fn)(path, flags, mode), path, flags); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (fd >= 0 && fd < MAX_FD) watched[fd] = 0;
  return REAL("close", close_fn)(fd);
}

static ssize_t noted_pwrite(int fd, const void *bytes, size_t length, off64_t offset) {
  int kind = kind_of(fd);
  if (kind && failing(kind == LINES ? "DISK_FAIL_OFFSETS" : "DISK_FAIL_WRITE")) {
    errno = ENOSPC;
    return -1;
  }
  ssize_t written = REAL("pwrite64", pwrite_fn)(fd, bytes, length, offset);
  if (kind && kind != SQLITE && written > 0)
    note(kind == SYNCING ? 4 : 1, fd, offset, bytes, written);
  return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  return noted_pwrite(fd, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return noted_pwrite(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  int kind = kind_of(fd);
  if (kind && failing("DISK_FAIL_WRITE")) {
    errno = ENOSPC;
    return -1;
  }
  if (kind == SQLITE) kind = 0;
  off64_t offset = kind ? lseek64(fd, 0, SEEK_CUR) : 0;
  ssize_t written = REAL("writev", writev_fn)(fd, parts, count);
  ssize_t left = written;
  for (int i = 0; kind && i < count && left > 0; i++) {
    size_t length = parts[i].iov_len < (size_t)left ? parts[i].iov_len : (size_t)left;
    note(kind == SYNCING ? 4 : 1, fd, offset, parts[i].iov_base, length);
    offset += length;
    left -= length;
  }
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (kind_of(fd) == SQLITE && failing("DISK_FAIL_WRITE")) {
    errno = ENOSPC;
    return -1;
  }
  /* Only sinks append to these files: in the others the replayed image would differ. */
  if (kind_of(fd) == LINES && failing("DISK_FAIL_LINES")) {
    if (halved[fd]) {
      errno = ENOSPC;
      return -1;
    }
    halved[fd] = 1;
    length = (length + 1) / 2;
  }
  return REAL("write", write_fn)(fd, bytes, length);
}

static int noted_sync(const char *name, int fd) {
  if (kind_of(fd) && failing("DISK_FAIL_SYNC")) {
    errno = EIO;
    return -1;
  }
  int result = REAL(name, sync_fn)(fd);
  if (kind_of(fd) && kind_of(fd) != SQLITE && result == 0) note(2, fd, 0, NULL, 0);
  return result;
}

int fsync(int fd) { return noted_sync("fsync", fd); }
int fdatasync(int fd) { return noted_sync("fdatasync", fd); }

static int noted_truncate(const char *name, int fd, off64_t length) {
  int result = REAL(name, truncate_fn)(fd, length);
  if (kind_of(fd) && kind_of(fd) != SQLITE && result == 0) note(3, fd, length, NULL, 0);
  return result;
}

int ftruncate(int fd, off_t length) { return noted_truncate("ftruncate", fd, length); }
int ftruncate64(int fd, off64_t length) { return noted_truncate("ftruncate64", fd, length); }

int statfs(const char *path, struct statfs *disk) {
  int result = REAL("statfs", statfs_fn)(path, disk);
  if (result == 0 && failing("DISK_FULL")) disk->f_bavail = 0;
  return result;
}

int statfs64(const char *path, struct statfs64 *disk) {
  return statfs(path, (struct statfs *)disk); /* one layout on 64 bits */
}
