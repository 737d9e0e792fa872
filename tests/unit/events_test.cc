// SPDX-License-Identifier: GPL-2.0
/* What is counted (P14): each event once, with its sectors, in the counters of its device. */
#include "device_fixture.h"

using namespace fake;

namespace {

class EventCounts : public DeviceTest {
  protected:
    uint64_t count(uint32_t kind) const { return daxmend_device_events(device_, kind); }
    uint64_t sectors(uint32_t kind) const { return daxmend_device_event_sectors(device_, kind); }

    /* The counters are what was reported, for every kind. */
    void expect_as_reported() const {
        for (uint32_t kind = 0; kind < DAXMEND_EVENT_KINDS; kind++) {
            uint64_t concerned = 0;
            for (const Event &event : events())
                concerned += event.kind == kind ? event.sectors : 0;
            EXPECT_EQ(count(kind), events_of(kind)) << "kind " << kind;
            EXPECT_EQ(sectors(kind), concerned) << "kind " << kind;
        }
    }
};

TEST_F(EventCounts, P14_ANewDeviceHasCountedNothing) {
    make(64);
    for (uint32_t kind = 0; kind < DAXMEND_EVENT_KINDS; kind++) {
        EXPECT_EQ(count(kind), 0U) << "kind " << kind;
        EXPECT_EQ(sectors(kind), 0U) << "kind " << kind;
    }
}

TEST_F(EventCounts, P14_GoodIoCountsNothing) {
    make(64);
    mark(60, 61);
    const uint64_t before = events().size();
    EXPECT_EQ(write_sectors(0, 56), (Written{56 * kSector, DAXMEND_OK}));
    EXPECT_EQ(read(0, 60), DAXMEND_OK);
    EXPECT_EQ(daxmend_device_access(device_, 0, 7, 0), 7);
    EXPECT_EQ(events().size(), before);
}

TEST_F(EventCounts, P14_EveryKindIsCounted) {
    make(64);
    mark(8, 12);
    media_->poison(20, 22);
    EXPECT_EQ(daxmend_device_refresh(device_), DAXMEND_OK);
    media_->poison(30, 31);
    EXPECT_EQ(read(24, 8), DAXMEND_POISONED); /* found */
    EXPECT_EQ(read(24, 8), DAXMEND_POISONED); /* refused */
    EXPECT_EQ(daxmend_device_access(device_, 1, 1, 0), DAXMEND_POISONED);
    EXPECT_EQ(daxmend_device_access(device_, 1, 1, DAXMEND_ACCESS_RECOVERY), 1);
    EXPECT_EQ(write(8 * kSector + 1, kSector), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(write_sectors(8, 4), (Written{4 * kSector, DAXMEND_OK}));

    EXPECT_EQ(sectors(DAXMEND_EVENT_POISON_INJECTED), 4U);
    EXPECT_EQ(sectors(DAXMEND_EVENT_POISON_ADDED), 2U);
    EXPECT_EQ(sectors(DAXMEND_EVENT_POISON_FOUND), 1U);
    EXPECT_EQ(count(DAXMEND_EVENT_READ_REFUSED), 1U);
    EXPECT_EQ(count(DAXMEND_EVENT_ACCESS_REFUSED), 1U) << "one that repairs is not refused";
    EXPECT_EQ(count(DAXMEND_EVENT_PARTLY_COVERED), 1U);
    EXPECT_EQ(count(DAXMEND_EVENT_REPAIRED), 1U);
    EXPECT_EQ(sectors(DAXMEND_EVENT_REPAIRED), 4U);
    EXPECT_EQ(count(DAXMEND_EVENT_CLEAR_ISSUED), media_->clear_calls);
    EXPECT_EQ(count(DAXMEND_EVENT_CLEAR_FAILED), 0U);
    expect_as_reported();
}

TEST_F(EventCounts, P6_P14_ClearsAreCountedAsTheyAreMade) {
    make(64);
    poison(8, 24);
    media_->clear_answer = [](uint64_t sector, uint64_t count) {
        return static_cast<int64_t>(sector + count > 20 ? 0 : count);
    };
    EXPECT_EQ(write_sectors(8, 16), (Written{12 * kSector, DAXMEND_MEDIA}));
    EXPECT_EQ(count(DAXMEND_EVENT_CLEAR_ISSUED), media_->clear_calls);
    /* 16 at 8, then 8 at 8; 8, 4, 2 and 1 at 16 and 20: all that reach beyond 20 fail. */
    uint64_t failed = 0;
    for (const Event &event : events())
        failed += event.kind == DAXMEND_EVENT_CLEAR_FAILED;
    EXPECT_EQ(count(DAXMEND_EVENT_CLEAR_FAILED), failed);
    EXPECT_GT(failed, 1U);
    EXPECT_LT(failed, media_->clear_calls);
    EXPECT_EQ(count(DAXMEND_EVENT_CLEAR_GAVE_UP), 1U);
    EXPECT_EQ(sectors(DAXMEND_EVENT_CLEAR_GAVE_UP), 4U);
    EXPECT_EQ(sectors(DAXMEND_EVENT_REPAIRED), 12U);
    expect_as_reported();
}

TEST_F(EventCounts, P14_DevicesCountApart) {
    make(64);
    mark(8, 12);
    Media other_media(64);
    const daxmend_device_config config = other_media.config("pmem1");
    daxmend_device *other = nullptr;
    ASSERT_EQ(daxmend_device_create(&config, &other), DAXMEND_OK);
    EXPECT_EQ(daxmend_device_mark(other, {1, 2}), DAXMEND_OK);
    EXPECT_EQ(daxmend_device_event_sectors(other, DAXMEND_EVENT_POISON_INJECTED), 1U);
    EXPECT_EQ(sectors(DAXMEND_EVENT_POISON_INJECTED), 4U);
    daxmend_device_destroy(other);
}

} // namespace
