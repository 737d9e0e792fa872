// SPDX-License-Identifier: GPL-2.0
/*
 * Looks of the passthrough target through what lies below it: its messages, the services that
 * dm_passthrough/poison_view.cc needs, and device-mapper events when the poison below changes.
 */
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/device-mapper.h>
#include <linux/notifier.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "dm_target.h"
#include "errno.h"
#include "report.h"

/* Changes within this time are one event: a repair of a large extent is many. */
#define EVENT_DELAY (HZ / 20)

/* LOCK: taken in any context, by whoever reports poison. */
static DEFINE_SPINLOCK(watched_lock);
static LIST_HEAD(watched_targets);
static struct workqueue_struct *check_queue;
/* Refused table lines and messages. */
static struct daxmend_log *refused_log;

/* ---- services for the C++ ---- */

static struct daxmend_look *current_look;

void passthrough_look_begin(void)
{
	/* Lists are long where the pieces below are small. */
	cond_resched();
	current_look = daxmend_look_begin();
}

void passthrough_look_end(void)
{
	daxmend_look_end();
}

static struct daxmend_hop hop_of(struct passthrough *pass, pgoff_t lower_pgoff)
{
	struct daxmend_hop hop = {
		.sector = (lower_pgoff - pass->mapping.pages_to_lower_disk) *
			  DAXMEND_PAGE_SECTORS,
		.lower_sector = (u64)lower_pgoff * DAXMEND_PAGE_SECTORS,
	};

	if (pass->emulation) {
		hop.poison = passthrough_emulation_enabled(pass->emulation) ?
			     passthrough_emulation_device(pass->emulation) : NULL;
		hop.poison_sector = hop.sector - pass->mapping.begin;
	}
	strscpy(hop.device, passthrough_disk_name(pass), sizeof(hop.device));
	strscpy(hop.lower, pass->lower->bdev->bd_disk->disk_name, sizeof(hop.lower));
	return hop;
}

void passthrough_add_hop(struct passthrough *pass, pgoff_t pgoff)
{
	struct daxmend_hop hop = hop_of(pass, passthrough_lower_pgoff(&pass->mapping, pgoff));

	daxmend_look_add(&hop);
}

int64_t passthrough_look_ask(struct passthrough_below *below, uint64_t pgoff, uint64_t pages,
			     int32_t recovery, const struct daxmend_hop **hops, uint32_t *count)
{
	struct daxmend_look *look = current_look;
	long found;

	if (below->from && READ_ONCE(below->from->going)) {
		*count = 0;
		return status_from_errno(-EINTR);
	}
	found = daxmend_look_ask(below->dax_dev, pgoff, min_t(u64, pages, DAXMEND_LOOK_PAGES),
				 recovery ? DAX_RECOVERY_WRITE : DAX_ACCESS);

	/* The look began below the target, which belongs to it all the same. */
	if (below->from && look->count < DAXMEND_LOOK_HOPS) {
		memmove(look->hops + 1, look->hops, look->count++ * sizeof(look->hops[0]));
		look->hops[0] = hop_of(below->from, pgoff);
	}
	*hops = look->hops;
	*count = look->count;
	if (found == COMPAT_DAX_POISON)
		return DAXMEND_POISONED;
	return found < 0 ? status_from_errno(found) : found;
}

static __printf(2, 3) void add_line(struct passthrough_text *text, const char *format, ...)
{
	va_list args;

	/* Full text makes dmsetup come back with more room. */
	if (text->size >= text->maxlen)
		return;
	va_start(args, format);
	text->size += vscnprintf(text->result + text->size, text->maxlen - text->size, format,
				 args);
	va_end(args);
	text->lines++;
}

void passthrough_show_range(struct passthrough_text *text, struct daxmend_sector_range range,
			    int32_t exact)
{
	add_line(text, "%s%llu %llu %s", text->lines ? "\n" : "", (u64)range.begin,
		 (u64)(range.end - range.begin), exact ? "sectors" : "pages");
}

void passthrough_show_layer(struct passthrough_text *text, const struct passthrough_layer *layer)
{
	static const char *const kinds[] = {
		[PASSTHROUGH_LAYER_OURS] = "passthrough",
		[PASSTHROUGH_LAYER_MEDIA] = "media",
		[PASSTHROUGH_LAYER_UNSEEN] = "unseen",
		[PASSTHROUGH_LAYER_LAST_SEEN] = "last-seen",
	};
	static const char *const states[] = {
		[PASSTHROUGH_GOOD] = "good",
		[PASSTHROUGH_BAD] = "bad",
		[PASSTHROUGH_BAD_PAGE] = "bad-page",
		[PASSTHROUGH_NO_ACCESS] = "no-access",
	};

	add_line(text, "%s%u %s %llu %s %s", text->lines ? "\n" : "", text->lines, layer->device,
		 (u64)layer->sector, kinds[layer->kind], states[layer->state]);
}

/* ---- what is bad in this target's part ---- */

int passthrough_count(struct passthrough *pass, struct passthrough_totals *totals)
{
	struct passthrough_below below = { .dax_dev = pass->lower->dax_dev, .from = pass };
	struct daxmend_sector_range range = {
		.begin = pass->mapping.begin,
		.end = pass->mapping.begin + pass->mapping.length,
	};

	return errno_from_status(passthrough_list(&below, range,
						  pass->mapping.pages_to_lower_disk, NULL,
						  totals));
}

/* ---- messages ---- */

bool passthrough_log_may(const char *sentence)
{
	return daxmend_log_may(refused_log, 0, sentence);
}

void passthrough_log_words(const char *what, unsigned int argc, char **argv, const char *sentence)
{
	char words[128] = "";
	size_t length = 0;
	unsigned int i;

	if (!passthrough_log_may(sentence))
		return;
	/* Escaped: a word with a line end in it would look like another line of the log. */
	for (i = 0; i < argc; i++)
		length += scnprintf(words + length, sizeof(words) - length, " %*pE",
				    (int)strlen(argv[i]), argv[i]);
	DMERR("%s%s: %s", what, words, sentence);
}

void passthrough_show_count(struct passthrough_text *text, uint64_t sectors, uint64_t ranges)
{
	add_line(text, "%llu sectors in %llu ranges", (u64)sectors, (u64)ranges);
}

/* Any context. */
static void check_all_soon(void)
{
	struct passthrough *pass;
	unsigned long flags;

	spin_lock_irqsave(&watched_lock, flags);
	list_for_each_entry(pass, &watched_targets, watched) {
		WRITE_ONCE(pass->suspect, true);
		passthrough_check_soon(pass);
	}
	spin_unlock_irqrestore(&watched_lock, flags);
}

static int emulation_message(struct passthrough *pass, const struct passthrough_command *command,
			     struct passthrough_text *text)
{
	const char *sentence = "only a target with the option \"emulate\" takes this one";
	int error = -EINVAL;

	if (pass->emulation)
		error = errno_from_status(passthrough_emulation_command(pass->emulation, command,
									text, &sentence));
	if (error) {
		if (passthrough_log_may(sentence))
			DMERR("%s: message of sectors %llu+%llu: %s",
			      passthrough_disk_name(pass), (u64)command->start,
			      (u64)command->count, sentence);
		return error;
	}
	/* Not every change is an event of dax_core. */
	check_all_soon();
	return text->lines ? 1 : 0;
}

/* The whole device, with all targets of its table: a reference that put_dax() ends, or NULL. */
static struct dax_device *own_dax(struct dm_target *ti)
{
	u64 start;

	return fs_dax_get_by_bdev(dm_disk(dm_table_get_md(ti->table))->part0, &start, NULL, NULL);
}

int passthrough_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
			unsigned int maxlen)
{
	struct passthrough *pass = ti->private;
	struct passthrough_text text = { .result = result, .maxlen = maxlen };
	struct passthrough_command command;
	struct passthrough_totals totals;
	struct passthrough_below below = {};
	const char *sentence;
	int error;

	error = errno_from_status(passthrough_parse_message(argc, (const char *const *)argv,
							    dm_table_get_size(ti->table),
							    &command, &sentence));
	if (error) {
		passthrough_log_words("message", argc, argv, sentence);
		return error;
	}
	result[0] = '\0';
	if (command.kind != PASSTHROUGH_LIST && command.kind != PASSTHROUGH_WALK)
		return emulation_message(pass, &command, &text);
	below.dax_dev = own_dax(ti);
	if (!below.dax_dev) {
		sentence = "the device has no DAX, so nothing below it can be seen";
		if (passthrough_log_may(sentence))
			DMERR("%s: message: %s", passthrough_disk_name(pass), sentence);
		return -EOPNOTSUPP;
	}
	if (command.kind == PASSTHROUGH_LIST) {
		struct daxmend_sector_range range = {
			.begin = command.start,
			.end = command.start + command.count,
		};

		error = errno_from_status(passthrough_list(&below, range, 0, &text, &totals));
	} else {
		passthrough_walk(&below, passthrough_disk_name(pass), command.start, &text);
	}
	put_dax(below.dax_dev);
	return error ? error : 1;
}

/* ---- events ---- */

static void check(struct work_struct *work)
{
	struct passthrough *pass =
		container_of(to_delayed_work(work), struct passthrough, check_work);
	struct passthrough_totals totals;
	bool clean;
	int error;

	/* A target with emulated poison has its bios looked at in any case. */
	error = passthrough_count(pass, &totals);
	clean = !error && passthrough_all_good(&totals) && !pass->emulation;
	/* LOCK: a report sets the flag and queues in one step; one that came during the look counts. */
	spin_lock_irq(&watched_lock);
	WRITE_ONCE(pass->suspect, !clean || delayed_work_pending(&pass->check_work));
	spin_unlock_irq(&watched_lock);
	if (error)
		return;
	if (pass->looked && totals.signature != pass->signature)
		dm_table_event(pass->ti->table);
	pass->signature = totals.signature;
	pass->looked = true;
}

void passthrough_check_soon(struct passthrough *pass)
{
	/* ORDER: what has changed is seen by the work that is pending. */
	smp_mb();
	if (!delayed_work_pending(&pass->check_work))
		queue_delayed_work(check_queue, &pass->check_work, EVENT_DELAY);
}

void passthrough_settle(struct passthrough *pass)
{
	struct daxmend_look *look;
	u32 depth = 1;
	u32 i;

	look = daxmend_look_begin();
	daxmend_look_ask(pass->lower->dax_dev,
			 passthrough_lower_pgoff(&pass->mapping,
						 pass->mapping.begin / DAXMEND_PAGE_SECTORS),
			 1, DAX_RECOVERY_WRITE);
	for (i = 0; i < look->count; i++)
		depth += look->hops[i].lower[0] != '\0';
	daxmend_look_end();
	pass->depth = depth;
	/*
	 * Not here: all I/O of the device waits for the end of its resume. Targets above see another
	 * list now too.
	 */
	check_all_soon();
}

/* Called by whoever reports poison: under locks, so the looking is left to the work. */
static int poison_reported(struct notifier_block *block, unsigned long kind, void *event)
{
	check_all_soon();
	return NOTIFY_OK;
}

static struct notifier_block poison_watcher = { .notifier_call = poison_reported };

void passthrough_watch(struct passthrough *pass)
{
	INIT_DELAYED_WORK(&pass->check_work, check);
	spin_lock_irq(&watched_lock);
	list_add(&pass->watched, &watched_targets);
	spin_unlock_irq(&watched_lock);
}

void passthrough_unwatch(struct passthrough *pass)
{
	spin_lock_irq(&watched_lock);
	list_del(&pass->watched);
	spin_unlock_irq(&watched_lock);
	WRITE_ONCE(pass->going, true);
	/* ORDER: nobody finds the target any more, and DAX and bios have ended. */
	cancel_delayed_work_sync(&pass->check_work);
}

int passthrough_poison_init(void)
{
	refused_log = daxmend_log_open(DM_MSG_PREFIX, 1);
	check_queue = refused_log ? alloc_workqueue("daxmend_dm", WQ_UNBOUND, 0) : NULL;
	if (!check_queue) {
		daxmend_log_close(refused_log);
		return -ENOMEM;
	}
	daxmend_report_watch(&poison_watcher);
	return 0;
}

void passthrough_poison_exit(void)
{
	daxmend_report_unwatch(&poison_watcher);
	destroy_workqueue(check_queue);
	daxmend_log_close(refused_log);
}
