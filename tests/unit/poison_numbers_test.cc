// SPDX-License-Identifier: GPL-2.0
/* The numbers in /sys/block/pmemN/poison/ after known deeds (P11, P14). */
#include "namespace_fixture.h"

using namespace fake;

namespace {

class PoisonNumbers : public NamespaceTest {
  protected:
    void SetUp() override {
        NamespaceTest::SetUp();
        make_and_probe(4096);
    }
    uint64_t number(uint32_t which) const { return pmem_drv_poison_number(ns_, which); }
    void store(const std::string &line) {
        ASSERT_EQ(pmem_drv_badblocks_store(ns_, line.data(), line.size()), DAXMEND_OK) << line;
    }
};

TEST_F(PoisonNumbers, AllAreZeroAtFirst) {
    for (uint32_t which = PMEM_POISON_RANGES; which <= PMEM_POISON_REPAIRS_FAILED; which++)
        EXPECT_EQ(number(which), 0U) << "number " << which;
    for (uint32_t which = PMEM_POISON_SIMULATED_FAILURES; which <= PMEM_POISON_SECTORS_LOST;
         which++)
        if (which != PMEM_POISON_CLEAR_UNIT)
            EXPECT_EQ(number(which), 0U) << "number " << which;
    EXPECT_EQ(number(PMEM_POISON_SECTORS_LOST + 1), 0U) << "one that there is not";
}

TEST_F(PoisonNumbers, P14_WritesThatDoNotCoverTheClearUnit) {
    remove();
    make(64);
    binding_->clear_unit = 4096;
    media_->clear_in_units(8);
    ASSERT_EQ(probe(), DAXMEND_OK);
    store("11 1\n");
    EXPECT_EQ(write(11, 1), DAXMEND_POISONED);
    EXPECT_EQ(number(PMEM_POISON_UNITS_PARTLY_COVERED), 1U);
    EXPECT_EQ(number(PMEM_POISON_WRITES_STOPPED), 0U);
    EXPECT_EQ(number(PMEM_POISON_CLEARS_ISSUED), 0U);
    EXPECT_EQ(write(8, 8), DAXMEND_OK);
    EXPECT_EQ(number(PMEM_POISON_SECTORS_REPAIRED), 1U) << "the others were good";
    EXPECT_EQ(number(PMEM_POISON_CLEARS_ISSUED), 1U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS_LOST), 0U);

    store("11 1\n");
    binding_->failing_call = "flush";
    EXPECT_EQ(write(8, 8), binding_->failure);
    binding_->failing_call.clear();
    EXPECT_EQ(number(PMEM_POISON_SECTORS), 8U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS_LOST), 8U);
}

TEST_F(PoisonNumbers, P11_RangesSectorsAndThoseNotShown) {
    for (uint64_t n = 0; n < 515; n++) {
        store(std::to_string(n * 4) + " 2\n");
        EXPECT_EQ(number(PMEM_POISON_RANGES_NOT_SHOWN),
                  n + 1 > PMEM_BADBLOCKS_LINES ? n + 1 - PMEM_BADBLOCKS_LINES : 0);
    }
    EXPECT_EQ(number(PMEM_POISON_RANGES), 515U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS), 1030U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS_INJECTED), 1030U);
    EXPECT_EQ(write(0, 4096), DAXMEND_OK);
    EXPECT_EQ(number(PMEM_POISON_RANGES), 0U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS), 0U);
    EXPECT_EQ(number(PMEM_POISON_RANGES_NOT_SHOWN), 0U);
    EXPECT_EQ(number(PMEM_POISON_REPAIRS), 515U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS_REPAIRED), 1030U);
    EXPECT_EQ(number(PMEM_POISON_CLEARS_ISSUED), 515U);
}

TEST_F(PoisonNumbers, P14_RefusalsAndFailures) {
    store("8 2\n");
    EXPECT_EQ(read(9, 1), DAXMEND_POISONED);
    EXPECT_EQ(number(PMEM_POISON_READS_REFUSED), 1U);

    EXPECT_EQ(daxmend_device_access(binding_->dax_device, 1, 1, 0), DAXMEND_POISONED);
    EXPECT_EQ(number(PMEM_POISON_ACCESSES_REFUSED), 1U);

    daxmend_source source(100);
    int32_t status = DAXMEND_OK;
    EXPECT_EQ(daxmend_device_write(binding_->dax_device, 8 * kSector, 100, &source, &status), 0U);
    EXPECT_EQ(status, DAXMEND_POISONED);
    EXPECT_EQ(number(PMEM_POISON_WRITES_STOPPED), 1U);

    media_->clear_answer = [](uint64_t, uint64_t) {
        return int64_t{0};
    };
    EXPECT_EQ(write(8, 2), DAXMEND_MEDIA);
    EXPECT_EQ(number(PMEM_POISON_CLEARS_ISSUED), 2U) << "two sectors, then one";
    EXPECT_EQ(number(PMEM_POISON_CLEARS_FAILED), 2U);
    EXPECT_EQ(number(PMEM_POISON_CLEARS_GAVE_UP), 1U);
    EXPECT_EQ(number(PMEM_POISON_REPAIRS), 0U);

    media_->clear_answer = nullptr;
    media_->on_step = [&](const std::string &what) {
        if (what == "write")
            media_->poison(9, 10);
    };
    EXPECT_EQ(write(8, 2), DAXMEND_MEDIA);
    media_->on_step = nullptr;
    EXPECT_EQ(number(PMEM_POISON_VERIFIES_FAILED), 1U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS_REPAIRED), 1U);

    binding_->failing_call = "flush";
    EXPECT_EQ(write(9, 1), binding_->failure);
    binding_->failing_call.clear();
    EXPECT_EQ(number(PMEM_POISON_REPAIRS_FAILED), 1U);
    EXPECT_EQ(number(PMEM_POISON_SECTORS_REPAIRED), 1U);

    media_->poison(100, 101);
    EXPECT_EQ(read(96, 8), DAXMEND_POISONED);
    EXPECT_EQ(number(PMEM_POISON_LATENT_FOUND), 1U);
    EXPECT_EQ(number(PMEM_POISON_MAP_WIDENED), 0U);
    fail_all_allocations(true);
    EXPECT_EQ(pmem_drv_badblocks_store(ns_, "200 1", 5), DAXMEND_NO_MEMORY);
    fail_all_allocations(false);
    EXPECT_EQ(number(PMEM_POISON_MAP_WIDENED), 1U);
}

TEST_F(PoisonNumbers, P14_WritersThatEndBeforeTheirRepair) {
    store("8 1\n");
    store("24 1\n");
    const auto recovery_write = [&](uint64_t sector, uint64_t count, uint64_t fault_at) {
        daxmend_source source(count * kSector);
        source.fault_at = fault_at;
        int32_t status = DAXMEND_OK;
        const uint64_t done = daxmend_device_recovery_write(binding_->dax_device, sector * kSector,
                                                            count * kSector, &source, &status);
        EXPECT_EQ(done, 0U);
        return status;
    };
    EXPECT_EQ(recovery_write(8, 8, 100), DAXMEND_FAULT);
    EXPECT_EQ(number(PMEM_POISON_REPAIRS_FAILED), 1U) << "the buffer ends in the page";

    daxmend_source source(24 * kSector);
    int32_t status = DAXMEND_OK;
    kill_at_yield(0);
    EXPECT_EQ(daxmend_device_recovery_write(binding_->dax_device, 8 * kSector, 24 * kSector,
                                            &source, &status),
              8 * kSector);
    EXPECT_EQ(status, DAXMEND_KILLED);
    EXPECT_EQ(number(PMEM_POISON_REPAIRS_FAILED), 2U) << "killed before the second repair";
    daxmend_source rest(24 * kSector);
    EXPECT_EQ(daxmend_device_recovery_write(binding_->dax_device, 32 * kSector, 24 * kSector, &rest,
                                            &status),
              24 * kSector)
        << "killed after the last page";
    kill_at_yield(kNever);
    EXPECT_EQ(number(PMEM_POISON_REPAIRS_FAILED), 2U);
    EXPECT_EQ(number(PMEM_POISON_REPAIRS), 1U);
}

} // namespace
