/* SPDX-License-Identifier: GPL-2.0 */
/* Status codes of the seam to errno and back. The only place where both are known. */
#ifndef DAXMEND_SHIM_ERRNO_H
#define DAXMEND_SHIM_ERRNO_H

#include <linux/errno.h>

#include "daxmend/abi.h"

/* For results in [-4095, 0]: 0 stays, an errno is carried through the C++ unseen. */
static inline int32_t status_from_errno(long error)
{
	return error ? DAXMEND_KERNEL_ERROR + (int32_t)error : DAXMEND_OK;
}

static inline int errno_from_status(int32_t status)
{
	switch (status) {
	case DAXMEND_OK:
		return 0;
	case DAXMEND_POISONED:
	case DAXMEND_MEDIA:
		return -EIO;
	case DAXMEND_NO_MEMORY:
		return -ENOMEM;
	case DAXMEND_OUT_OF_RANGE:
		return -ERANGE;
	case DAXMEND_INVALID:
		return -EINVAL;
	case DAXMEND_FAULT:
		return -EFAULT;
	case DAXMEND_UNSUPPORTED:
		return -EOPNOTSUPP;
	case DAXMEND_CLAIMED:
		return -ENXIO;
	case DAXMEND_BUSY:
		return -EBUSY;
	case DAXMEND_KILLED:
		return -EINTR;
	case DAXMEND_FULL:
		return -ENOSPC;
	default:
		return status - DAXMEND_KERNEL_ERROR;
	}
}

#endif
