/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of pmem_drv share: a binding on a fake bus over a fake media, probed and removed
 * as the kernel does, and the check that nothing is left behind.
 */
#ifndef DAXMEND_TESTS_NAMESPACE_FIXTURE_H
#define DAXMEND_TESTS_NAMESPACE_FIXTURE_H

#include "device_fixture.h"
#include "fake_pmem.h"

namespace fake {

class NamespaceTest : public ServicesTest {
  protected:
    void TearDown() override {
        if (ns_)
            remove();
        binding_.reset();
        media_.reset();
        ServicesTest::TearDown();
    }

    /* A namespace of `sectors` sectors, used whole. */
    void make(uint64_t sectors) {
        make_sparse(sectors);
        for (uint64_t n = 0; n < media_->bytes(); n++)
            media_->contents()[n] = old(n);
    }
    /* The same over zeroes that take no memory. */
    void make_sparse(uint64_t sectors) {
        media_ = std::make_unique<Media>(sectors);
        binding_ = std::make_unique<pmem_binding>(*media_);
        binding_->layout = {media_->phys(), media_->bytes(), 0, media_->bytes(), 0};
    }
    /* As the driver core: a failed probe ends what the kernel undoes by itself. */
    int32_t probe() {
        const int32_t status = pmem_drv_probe(binding_.get(), &binding_->ns);
        ns_ = binding_->ns;
        if (status != DAXMEND_OK)
            binding_->end_of_binding();
        return status;
    }
    int32_t remove() {
        const int32_t memory = pmem_drv_remove(binding_.get(), ns_);
        ns_ = binding_->ns = nullptr;
        binding_->end_of_binding();
        binding_->expect_nothing_left();
        return memory;
    }
    void make_and_probe(uint64_t sectors) {
        make(sectors);
        ASSERT_EQ(probe(), DAXMEND_OK);
        ASSERT_NE(ns_, nullptr);
    }
    /* Sectors [begin, end) of the media are on the bus's list and poisoned. */
    void bus_poison(uint64_t begin, uint64_t end) {
        binding_->poison.push_back(
            {media_->phys() + begin * kSector, media_->phys() + end * kSector});
        media_->poison(begin, end);
    }

    int32_t flush() { return pmem_drv_flush(ns_, PMEM_IO_FLUSH_BEFORE); }
    int32_t write(uint64_t sector, uint64_t count, uint32_t flags = 0) {
        daxmend_source source(count * kSector);
        return pmem_drv_write(ns_, sector, count * kSector, flags, &source, end());
    }
    int32_t read(uint64_t sector, uint64_t count, uint32_t flags = 0) {
        daxmend_sink sink;
        return pmem_drv_read(ns_, sector, count * kSector, flags, &sink);
    }
    std::string badblocks(uint32_t lines = PMEM_BADBLOCKS_LINES) const {
        char text[65536];
        const int64_t bytes = pmem_drv_badblocks_show(ns_, lines, text, 0, sizeof(text));
        return std::string(text, static_cast<size_t>(bytes));
    }

    static uint8_t old(uint64_t n) { return static_cast<uint8_t>(n * 29 + (n >> 9)); }

    std::unique_ptr<Media> media_;
    std::unique_ptr<pmem_binding> binding_;
    pmem_namespace *ns_ = nullptr;
    pmem_bio *end() { return end_ ? binding_->bio() : nullptr; }

    bool end_ = true; /* bios may be ended by the bus */
};

} // namespace fake

#endif
