/* A process whose /proc/<pid>/cmdline cannot be read, as a dead network mount makes them:
 *
 *   stuck <empty folder>
 *
 * mounts there a FUSE file system that answers everything but READ, and starts the patient, which keeps the command line;
 * the other two processes overwrite theirs. It prints the patient's pid. At the line "hang" on its stdin the patient maps a file of that file system, a child
 * of it reads the mapped page through /proc/<pid>/mem (and so holds the patient's mmap lock for reading for as long as
 * READ is not answered), and the patient asks for the lock for writing with an mmap(2). From then on every reader waits
 * behind that writer: proc_pid_cmdline(5) is one. At the end of stdin, also when the test was killed, all of it goes.
 *
 * The protocol is that of <linux/fuse.h>, fuse(4).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NODE 2

static char *name;

static void unname(void) { memset(name, '-', strlen(name)); }

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void attributes(struct fuse_attr *attr, unsigned long node) {
  memset(attr, 0, sizeof *attr);
  attr->ino = node;
  attr->nlink = 1;
  attr->size = 4096;
  attr->mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
}

static void answer(int fuse, unsigned long unique, int error, const void *body, size_t length) {
  char out[1024];
  struct fuse_out_header *header = (void *)out;
  header->len = sizeof *header + length;
  header->error = -error;
  header->unique = unique;
  if (length > 0) memcpy(out + sizeof *header, body, length);
  if (write(fuse, out, header->len) < 0 && errno != ENOENT) die("write /dev/fuse");
}

static void serve(int fuse) {
  static char in[FUSE_MIN_READ_BUFFER + 65536];
  if (read(fuse, in, sizeof in) < 0) {
    if (errno == EINTR || errno == ENOENT || errno == EAGAIN) return;
    die("read /dev/fuse");
  }
  const struct fuse_in_header *header = (void *)in;
  switch (header->opcode) {
  case FUSE_INIT: {
    struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096};
    answer(fuse, header->unique, 0, &init, sizeof init);
    return;
  }
  case FUSE_LOOKUP: {
    struct fuse_entry_out entry = {.nodeid = FILE_NODE};
    attributes(&entry.attr, FILE_NODE);
    answer(fuse, header->unique, 0, &entry, sizeof entry);
    return;
  }
  case FUSE_GETATTR: {
    struct fuse_attr_out attr = {0};
    attributes(&attr.attr, header->nodeid);
    answer(fuse, header->unique, 0, &attr, sizeof attr);
    return;
  }
  case FUSE_OPEN: {
    struct fuse_open_out opened = {.fh = 1};
    answer(fuse, header->unique, 0, &opened, sizeof opened);
    return;
  }
  case FUSE_READ:
  case FUSE_INTERRUPT:
  case FUSE_FORGET:
  case FUSE_BATCH_FORGET:
    return;
  default:
    answer(fuse, header->unique, ENOSYS, NULL, 0);
  }
}

static void patient(int orders, const char *folder) {
  char order, path[4096], mem[64];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (read(orders, &order, 1) != 1) exit(0);
  snprintf(path, sizeof path, "%s/file", folder);
  int file = open(path, O_RDONLY);
  if (file < 0) die(path);
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
  if (page == MAP_FAILED) die("mmap");
  snprintf(mem, sizeof mem, "/proc/%d/mem", getpid());
  if (fork() == 0) {
    unname();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int memory = open(mem, O_RDONLY);
    if (memory < 0) die(mem);
    if (pread(memory, &order, 1, (off_t)page) < 0) die("pread");
    exit(0);
  }
  usleep(300 * 1000);
  mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pause();
}

int main(int count, char **arguments) {
  char options[128];
  int orders[2];
  if (count != 2) return 2;
  name = arguments[0];
  int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) die("/dev/fuse");
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
  if (mount("stuck", arguments[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) die("mount");
  if (pipe(orders) < 0) die("pipe");
  int pid = fork();
  if (pid == 0) {
    /* An open /dev/fuse here would keep the file system alive after its server. */
    close(fuse);
    close(orders[1]);
    patient(orders[0], arguments[1]);
  }
  unname();
  printf("%d\n", pid);
  fflush(stdout);
  struct pollfd both[2] = {{.fd = fuse, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (;;) {
    if (poll(both, 2, -1) < 0) break;
    if (both[0].revents != 0) serve(fuse);
    if (both[1].revents != 0) {
      char line[16];
      if (read(0, line, sizeof line) <= 0) break;
      if (write(orders[1], "h", 1) < 0) break;
    }
  }
  kill(pid, SIGKILL);
  umount2(arguments[1], MNT_DETACH);
  /* Closing /dev/fuse ends the connection: whoever waits for READ gets an error. */
  return 0;
}
