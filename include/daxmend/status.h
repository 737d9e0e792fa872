/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Outcome of an operation: Status, and Result<T> where there is a value. Both must
 * be looked at. The numbers are those of abi.h; errno exists only in shim/.
 */
#ifndef DAXMEND_STATUS_H
#define DAXMEND_STATUS_H

#include "daxmend/abi.h"
#include "daxmend/guard.h"

namespace daxmend {

class [[nodiscard]] Status {
  public:
    constexpr Status() = default;
    /* Takes any code of abi.h, carried kernel errors included. */
    explicit constexpr Status(int32_t code) : code_(code) {}

    static constexpr Status ok() { return Status(); }
    static constexpr Status poisoned() { return Status(DAXMEND_POISONED); }
    static constexpr Status no_memory() { return Status(DAXMEND_NO_MEMORY); }
    static constexpr Status out_of_range() { return Status(DAXMEND_OUT_OF_RANGE); }
    static constexpr Status invalid() { return Status(DAXMEND_INVALID); }
    static constexpr Status media() { return Status(DAXMEND_MEDIA); }
    static constexpr Status busy() { return Status(DAXMEND_BUSY); }
    static constexpr Status full() { return Status(DAXMEND_FULL); }
    static constexpr Status fault() { return Status(DAXMEND_FAULT); }
    static constexpr Status killed() { return Status(DAXMEND_KILLED); }

    constexpr bool is_ok() const { return code_ == DAXMEND_OK; }
    constexpr int32_t code() const { return code_; }
    friend constexpr bool operator==(Status, Status) = default;

  private:
    int32_t code_ = DAXMEND_OK;
};

/* A value, or the status that says why there is none. */
template <class T> class [[nodiscard]] Result {
  public:
    constexpr Result(T value) : value_(value) {}
    constexpr Result(Status error) : error_(error) {
        if (error.is_ok())
            bug("a Result without a value was made from success");
    }

    constexpr bool is_ok() const { return error_.is_ok(); }
    constexpr Status status() const { return error_; }
    constexpr T value() const {
        if (!is_ok())
            bug("the value of a failed Result was asked for");
        return value_;
    }

  private:
    T value_{};
    Status error_;
};

} // namespace daxmend

#endif
