/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Brackets of services.h as objects that close themselves, and bug(). Data that a
 * lock protects lives beside the lock in the class that owns both.
 */
#ifndef DAXMEND_GUARD_H
#define DAXMEND_GUARD_H

#include "daxmend/services.h"

namespace daxmend {

/* For broken invariants of the code only; never for media data or user input. */
[[noreturn]] inline void bug(const char *what) {
    daxmend_bug(what);
    __builtin_trap();
}

class NotCopied {
  protected:
    NotCopied() = default;
    ~NotCopied() = default;

  public:
    NotCopied(const NotCopied &) = delete;
    NotCopied &operator=(const NotCopied &) = delete;
};

/* Holds a sleeping lock. */
class [[nodiscard]] MutexGuard : NotCopied {
  public:
    explicit MutexGuard(daxmend_mutex *mutex) : mutex_(mutex) { daxmend_mutex_lock(mutex_); }
    ~MutexGuard() { daxmend_mutex_unlock(mutex_); }

  private:
    daxmend_mutex *mutex_;
};

/* Keeps memory that was unpublished from being freed; takes no lock. */
class [[nodiscard]] ReaderGuard : NotCopied {
  public:
    ReaderGuard() { daxmend_readers_enter(); }
    ~ReaderGuard() { daxmend_readers_leave(); }
};

/* No allocation of this thread waits for I/O meanwhile. */
class [[nodiscard]] NoIoGuard : NotCopied {
  public:
    NoIoGuard() : cookie_(daxmend_no_io_enter()) {}
    ~NoIoGuard() { daxmend_no_io_leave(cookie_); }

  private:
    uint32_t cookie_;
};

} // namespace daxmend

#endif
