// SPDX-License-Identifier: GPL-2.0
/* One bio: flush before, data, durable after, and what failure of each does (P8, P12). */
#include "namespace_fixture.h"

using namespace fake;
using Calls = std::vector<std::string>;

namespace {

class BlockIo : public NamespaceTest {
  protected:
    void SetUp() override {
        NamespaceTest::SetUp();
        make_and_probe(64);
        binding_->calls.clear();
    }
};

TEST_F(BlockIo, ReadsGiveTheDataOfTheirSectors) {
    daxmend_sink sink;
    EXPECT_EQ(pmem_drv_read(ns_, 5, 3 * kSector, 0, &sink), DAXMEND_OK);
    ASSERT_EQ(sink.data.size(), 3 * kSector);
    for (uint64_t n = 0; n < sink.data.size(); n++)
        ASSERT_EQ(sink.data[n], old(5 * kSector + n));
    EXPECT_EQ(binding_->calls, Calls{});
}

TEST_F(BlockIo, WritesReachTheirSectors) {
    EXPECT_EQ(write(5, 3), DAXMEND_OK);
    for (uint64_t n = 0; n < media_->bytes(); n++)
        ASSERT_EQ(media_->contents()[n], n >= 5 * kSector && n < 8 * kSector
                                             ? daxmend_source::pattern(n - 5 * kSector)
                                             : old(n));
    EXPECT_EQ(binding_->calls, Calls{}) << "a plain write is flushed by nobody";
}

TEST_F(BlockIo, AnEmptyFlushIsNothingElse) {
    EXPECT_EQ(flush(), DAXMEND_OK);
    EXPECT_EQ(binding_->calls, (Calls{"flush"}));
    binding_->failing_call = "flush";
    EXPECT_EQ(flush(), binding_->failure);
}

TEST_F(BlockIo, P12_FlushBeforeDataDurableAfter) {
    std::vector<std::string> order;
    media_->on_step = [&](const std::string &what) {
        order.push_back(what + " after " + std::to_string(binding_->calls.size()) + " flushes");
    };
    EXPECT_EQ(write(5, 1, PMEM_IO_FLUSH_BEFORE | PMEM_IO_DURABLE), DAXMEND_OK);
    media_->on_step = nullptr;
    EXPECT_EQ(order, (Calls{"write after 1 flushes"}));
    EXPECT_EQ(binding_->calls, (Calls{"flush", "flush"}));

    binding_->calls.clear();
    EXPECT_EQ(write(5, 1, PMEM_IO_DURABLE), DAXMEND_OK);
    EXPECT_EQ(binding_->calls, (Calls{"flush"}));
}

TEST_F(BlockIo, AReadMayAskForFlushesToo) {
    EXPECT_EQ(read(5, 1, PMEM_IO_FLUSH_BEFORE), DAXMEND_OK);
    EXPECT_EQ(binding_->calls, (Calls{"flush"}));
    EXPECT_EQ(read(5, 1, PMEM_IO_FLUSH_BEFORE | PMEM_IO_DURABLE), DAXMEND_OK);
    EXPECT_EQ(binding_->calls, (Calls{"flush", "flush", "flush"}));
    EXPECT_EQ(read(64, 1, PMEM_IO_DURABLE), DAXMEND_OUT_OF_RANGE);
    EXPECT_EQ(binding_->calls, (Calls{"flush", "flush", "flush"})) << "a failed one is not flushed";
    binding_->failing_call = "flush";
    EXPECT_EQ(read(5, 1, PMEM_IO_FLUSH_BEFORE), binding_->failure);
    EXPECT_EQ(read(5, 1, PMEM_IO_DURABLE), binding_->failure);
}

TEST_F(BlockIo, P12_AFailedFlushBeforeKeepsTheDataOut) {
    binding_->failing_call = "flush";
    EXPECT_EQ(write(5, 1, PMEM_IO_FLUSH_BEFORE), binding_->failure);
    for (uint64_t n = 5 * kSector; n < 6 * kSector; n++)
        ASSERT_EQ(media_->contents()[n], old(n));
}

TEST_F(BlockIo, P12_AFailedFlushAfterFailsTheWrite) {
    binding_->failing_call = "flush";
    EXPECT_EQ(write(5, 1, PMEM_IO_DURABLE), binding_->failure);
}

/* virtio-pmem from 6.12 on: the sender of the bio does not wait for the host. */
TEST_F(BlockIo, P12_ABusMayEndTheBioWithItsLastFlush) {
    binding_->ends_bios = true;
    EXPECT_EQ(write(5, 1, PMEM_IO_DURABLE), PMEM_IO_ENDS_LATER);
    EXPECT_EQ(media_->contents()[5 * kSector], daxmend_source::pattern(0));
    EXPECT_EQ(write(5, 1), DAXMEND_OK) << "no flush was asked for";
    binding_->calls.clear();
    EXPECT_EQ(write(5, 1, PMEM_IO_FLUSH_BEFORE), DAXMEND_OK) << "the data follow this flush";
    EXPECT_EQ(flush(), DAXMEND_OK);
    EXPECT_EQ(binding_->calls, (Calls{"flush", "flush"}));

    EXPECT_EQ(write(63, 2, PMEM_IO_DURABLE), DAXMEND_OUT_OF_RANGE) << "a failure is known at once";
    binding_->failing_call = "flush";
    EXPECT_EQ(write(5, 1, PMEM_IO_DURABLE), binding_->failure);
    binding_->failing_call = "";
    end_ = false;
    EXPECT_EQ(write(5, 1, PMEM_IO_DURABLE), DAXMEND_OK) << "the caller must know at once";
}

TEST_F(BlockIo, AFailedTransferIsNotFlushed) {
    EXPECT_EQ(write(63, 2, PMEM_IO_DURABLE), DAXMEND_OUT_OF_RANGE);
    EXPECT_EQ(read(64, 1), DAXMEND_OUT_OF_RANGE);
    EXPECT_EQ(binding_->calls, Calls{});
}

/* A bio of any number of sectors: P8 for the block path, with every start and length. */
TEST_F(BlockIo, P8_EveryBioOverABadRangeRepairsWhatItCovers) {
    for (uint64_t begin = 0; begin < 20; begin++)
        for (uint64_t end = begin + 1; end <= 20; end++) {
            media_->heal();
            bus_poison(6, 11);
            pmem_drv_poison_notice(binding_.get(), ns_);
            EXPECT_EQ(write(begin, end - begin), DAXMEND_OK) << begin << " to " << end;
            for (uint64_t sector = 0; sector < 20; sector++) {
                const bool is_bad = sector >= 6 && sector < 11 && (sector < begin || sector >= end);
                EXPECT_EQ(media_->poisoned(sector), is_bad);
                EXPECT_EQ(read(sector, 1), is_bad ? DAXMEND_POISONED : DAXMEND_OK)
                    << "sector " << sector << ", write " << begin << " to " << end;
            }
            binding_->poison.clear();
            EXPECT_EQ(write(0, 20), DAXMEND_OK);
        }
}

TEST_F(BlockIo, P6_AWriteThatCannotBeRepairedFails) {
    bus_poison(6, 7);
    pmem_drv_poison_notice(binding_.get(), ns_);
    media_->clear_answer = [](uint64_t, uint64_t) {
        return int64_t{0};
    };
    EXPECT_EQ(write(4, 8), DAXMEND_MEDIA);
    EXPECT_EQ(read(6, 1), DAXMEND_POISONED);
    EXPECT_EQ(read(4, 2), DAXMEND_OK);
}

TEST_F(BlockIo, P11_PollersWakeWhenTheListChanges) {
    EXPECT_EQ(binding_->poll_wakes, 0U);
    EXPECT_EQ(write(0, 64), DAXMEND_OK);
    EXPECT_EQ(binding_->poll_wakes, 0U);
    media_->poison(9, 10);
    EXPECT_EQ(read(9, 1), DAXMEND_POISONED);
    EXPECT_EQ(binding_->poll_wakes, 1U) << "found by a read";
    EXPECT_EQ(read(9, 1), DAXMEND_POISONED);
    EXPECT_EQ(binding_->poll_wakes, 1U) << "known already";
    EXPECT_EQ(write(9, 1), DAXMEND_OK);
    EXPECT_EQ(binding_->poll_wakes, 2U) << "repaired";
}

} // namespace
