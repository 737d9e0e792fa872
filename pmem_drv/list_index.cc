// SPDX-License-Identifier: GPL-2.0
/* Places in the text of the list: see list_index.h. */
#include "pmem_drv/list_index.h"

namespace daxmend {

ListIndex::~ListIndex() {
    if (lock_)
        daxmend_mutex_destroy(lock_);
}

bool ListIndex::init() {
    lock_ = daxmend_mutex_create();
    return lock_ != nullptr;
}

ListPlace ListIndex::before(const View &view, uint64_t offset) {
    const MutexGuard exclusive(lock_);
    if (view.version > version_) {
        version_ = view.version;
        step_ = step_for(view.ranges);
        count_ = 0;
    }
    /* A reader that was held up since it looked at the list finds places of a newer one. */
    if (view.version != version_)
        return {};

    uint64_t first = 0; /* those before it lie at or before the offset */
    for (uint64_t left = count_; left > 0;) {
        const uint64_t half = left / 2;
        if (places_[first + half].offset <= offset) {
            first += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    if (first == 0)
        return {};
    const Kept &kept = places_[first - 1];
    return {first * step_, kept.offset, kept.from};
}

void ListIndex::note(const View &view, const ListPlace &place) {
    if (place.line % step_for(view.ranges) != 0)
        return;
    const MutexGuard exclusive(lock_);
    if (view.version != version_ || count_ == kPlaces || place.line != (count_ + 1) * step_)
        return;
    places_[count_++] = {place.offset, place.from};
}

} // namespace daxmend
