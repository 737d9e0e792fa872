// SPDX-License-Identifier: GPL-2.0
/*
 * Measures what no system call reaches alone: dax_direct_access(), dax_recovery_write() and
 * bios, of any driver, in ticks of the time stamp counter (in a guest with -icount shift=0
 * these are instructions). It also counts the calls that clear poison in the platform's
 * firmware, and the ticks they take. It is no part of the product and decides nothing.
 *
 *   echo "KIND DEVICE OFFSET BYTES TIMES" >/sys/kernel/debug/bench_probe/run; cat .../run
 *       the median of TIMES calls; KIND is access, recovery_access, recovery_write, read, write
 *   echo 0 >/sys/kernel/debug/bench_probe/clears; cat .../clears
 *       "CALLS TICKS" of the firmware since then
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sort.h>
#include <linux/uio.h>
#include <asm/msr.h>

#define MOST_TIMES 4096
#define MOST_BYTES (64 * PAGE_SIZE)

struct target {
	struct block_device *bdev;
	struct dax_device *dax_dev;
	u64 start; /* of the block device, in bytes of the dax_device */
};

struct call {
	char kind[20];
	char path[64];
	u64 offset;
	u64 bytes;
	unsigned int times;
};

static DEFINE_MUTEX(lock);
static struct dentry *folder;
static void *buffer; /* MOST_BYTES, contiguous */
static u64 samples[MOST_TIMES];
static u64 median;

static long direct_access(struct target *target, struct call *call, enum dax_access_mode mode,
			  void **kaddr, u64 *ticks)
{
	pgoff_t pgoff = (target->start + call->offset) >> PAGE_SHIFT;
	long pages = max_t(long, call->bytes >> PAGE_SHIFT, 1);
	pfn_t pfn;
	u64 start;
	long got;
	int id;

	id = dax_read_lock();
	start = rdtsc_ordered();
	got = dax_direct_access(target->dax_dev, pgoff, pages, mode, kaddr, &pfn);
	*ticks = rdtsc_ordered() - start;
	dax_read_unlock(id);
	return got < 0 ? got : 0;
}

static int recovery_write(struct target *target, struct call *call, u64 *ticks)
{
	struct kvec vec = { .iov_base = buffer, .iov_len = call->bytes };
	struct iov_iter iter;
	void *kaddr;
	u64 start;
	size_t done;
	int error;
	int id;

	if (call->bytes > MOST_BYTES)
		return -EINVAL;
	error = direct_access(target, call, DAX_RECOVERY_WRITE, &kaddr, ticks);
	if (error)
		return error;
	iov_iter_kvec(&iter, WRITE, &vec, 1, call->bytes);
	id = dax_read_lock();
	start = rdtsc_ordered();
	done = dax_recovery_write(target->dax_dev, (target->start + call->offset) >> PAGE_SHIFT,
				  kaddr, call->bytes, &iter);
	*ticks = rdtsc_ordered() - start;
	dax_read_unlock(id);
	return done == call->bytes ? 0 : -EIO;
}

static int one_bio(struct target *target, struct call *call, enum req_op op, u64 *ticks)
{
	struct bio *bio;
	u64 start;
	int error;

	if (call->bytes > MOST_BYTES)
		return -EINVAL;
	bio = bio_alloc(target->bdev, 1, op | REQ_SYNC, GFP_KERNEL);
	bio->bi_iter.bi_sector = call->offset >> SECTOR_SHIFT;
	if (bio_add_page(bio, virt_to_page(buffer), call->bytes, 0) != call->bytes) {
		bio_put(bio);
		return -EINVAL;
	}
	start = rdtsc_ordered();
	error = submit_bio_wait(bio);
	*ticks = rdtsc_ordered() - start;
	bio_put(bio);
	return error;
}

static int one_call(struct target *target, struct call *call, u64 *ticks)
{
	void *kaddr;

	if (!strcmp(call->kind, "access"))
		return direct_access(target, call, DAX_ACCESS, &kaddr, ticks);
	if (!strcmp(call->kind, "recovery_access"))
		return direct_access(target, call, DAX_RECOVERY_WRITE, &kaddr, ticks);
	if (!strcmp(call->kind, "recovery_write"))
		return recovery_write(target, call, ticks);
	if (!strcmp(call->kind, "read"))
		return one_bio(target, call, REQ_OP_READ, ticks);
	if (!strcmp(call->kind, "write"))
		return one_bio(target, call, REQ_OP_WRITE, ticks);
	return -EINVAL;
}

static int compare(const void *a, const void *b)
{
	u64 left = *(const u64 *)a;
	u64 right = *(const u64 *)b;

	return left < right ? -1 : left > right;
}

static int measure(struct target *target, struct call *call)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < call->times && !error; i++)
		error = one_call(target, call, &samples[i]);
	if (error)
		return error;
	sort(samples, call->times, sizeof(samples[0]), compare, NULL);
	median = samples[call->times / 2];
	return 0;
}

static int run(struct call *call)
{
	struct target target;
	struct file *file;
	int error = -EINVAL;

	if (!call->times || call->times > MOST_TIMES)
		return -EINVAL;
	file = filp_open(call->path, O_RDWR | O_LARGEFILE, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!S_ISBLK(file_inode(file)->i_mode))
		goto close;
	target.bdev = I_BDEV(file->f_mapping->host);
	target.dax_dev = fs_dax_get_by_bdev(target.bdev, &target.start, NULL, NULL);
	if (!target.dax_dev)
		goto close;
	error = measure(&target, call);
	fs_put_dax(target.dax_dev, NULL);
close:
	filp_close(file, NULL);
	return error;
}

static ssize_t run_write(struct file *file, const char __user *text, size_t bytes, loff_t *at)
{
	char line[160] = {};
	struct call call;
	int error;

	if (bytes >= sizeof(line) || copy_from_user(line, text, bytes))
		return -EINVAL;
	if (sscanf(line, "%19s %63s %llu %llu %u", call.kind, call.path, &call.offset, &call.bytes,
		   &call.times) != 5)
		return -EINVAL;
	mutex_lock(&lock);
	error = run(&call);
	mutex_unlock(&lock);
	return error ? error : bytes;
}

static ssize_t run_read(struct file *file, char __user *text, size_t bytes, loff_t *at)
{
	char line[32];
	int length = scnprintf(line, sizeof(line), "%llu\n", median);

	return simple_read_from_buffer(text, bytes, at, line, length);
}

static const struct file_operations run_file = {
	.owner = THIS_MODULE,
	.write = run_write,
	.read = run_read,
};

/* ---- the firmware ---- */

static atomic64_t clear_calls;
static atomic64_t clear_ticks;

static int clear_begins(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	*(u64 *)instance->data = rdtsc_ordered();
	return 0;
}

static int clear_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	atomic64_add(rdtsc_ordered() - *(u64 *)instance->data, &clear_ticks);
	atomic64_inc(&clear_calls);
	return 0;
}

static struct kretprobe clear_probe = {
	.kp.symbol_name = "nvdimm_clear_poison",
	.entry_handler = clear_begins,
	.handler = clear_ends,
	.data_size = sizeof(u64),
};

static ssize_t clears_write(struct file *file, const char __user *text, size_t bytes, loff_t *at)
{
	atomic64_set(&clear_calls, 0);
	atomic64_set(&clear_ticks, 0);
	return bytes;
}

static ssize_t clears_read(struct file *file, char __user *text, size_t bytes, loff_t *at)
{
	char line[64];
	int length = scnprintf(line, sizeof(line), "%lld %lld\n",
			       (long long)atomic64_read(&clear_calls),
			       (long long)atomic64_read(&clear_ticks));

	return simple_read_from_buffer(text, bytes, at, line, length);
}

static const struct file_operations clears_file = {
	.owner = THIS_MODULE,
	.write = clears_write,
	.read = clears_read,
};

static int __init bench_probe_init(void)
{
	int error;

	buffer = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(MOST_BYTES));
	if (!buffer)
		return -ENOMEM;
	error = register_kretprobe(&clear_probe);
	if (error) {
		free_pages((unsigned long)buffer, get_order(MOST_BYTES));
		return error;
	}
	folder = debugfs_create_dir("bench_probe", NULL);
	debugfs_create_file("run", 0600, folder, NULL, &run_file);
	debugfs_create_file("clears", 0600, folder, NULL, &clears_file);
	return 0;
}

static void __exit bench_probe_exit(void)
{
	debugfs_remove(folder);
	unregister_kretprobe(&clear_probe);
	free_pages((unsigned long)buffer, get_order(MOST_BYTES));
}

module_init(bench_probe_init);
module_exit(bench_probe_exit);

MODULE_DESCRIPTION("Measures DAX calls, bios and calls of firmware for scripts/bench");
MODULE_LICENSE("GPL");
