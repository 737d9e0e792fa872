// SPDX-License-Identifier: GPL-2.0
/*
 * Where a passthrough target leads, and which tables it refuses: those through which DAX and
 * block I/O would reach different bytes (P13).
 */
#include <string>

#include <gtest/gtest.h>

#include "daxmend/dm_passthrough.h"

namespace {

constexpr passthrough_geometry kGood = {
    .begin = 0, .length = 800, .offset = 0, .lower_start = 0, .lower_length = 800};

struct Checked {
    int32_t status;
    passthrough_mapping mapping;
    const char *sentence;
};

Checked check(const passthrough_geometry &geometry) {
    Checked checked = {DAXMEND_OK, {}, "not set"};
    checked.status = passthrough_check(&geometry, &checked.mapping, &checked.sentence);
    return checked;
}

passthrough_mapping mapped(const passthrough_geometry &geometry) {
    const Checked checked = check(geometry);
    EXPECT_EQ(checked.status, DAXMEND_OK);
    EXPECT_EQ(checked.sentence, nullptr);
    return checked.mapping;
}

TEST(Mapping, TheWholeOfTheLowerDevice) {
    const passthrough_mapping mapping = mapped(kGood);
    for (const uint64_t sector : {0, 1, 7, 8, 799}) {
        EXPECT_EQ(passthrough_lower_sector(&mapping, sector), sector);
        EXPECT_EQ(passthrough_lower_pgoff(&mapping, sector / 8), sector / 8);
    }
}

TEST(Mapping, P13_BlockAndDaxReachTheSameBytesForEveryGeometry) {
    for (uint64_t begin = 0; begin <= 64; begin += 8)
        for (uint64_t offset = 0; offset <= 64; offset += 8)
            for (uint64_t start = 0; start <= 64; start += 8) {
                passthrough_geometry geometry = kGood;
                geometry.begin = begin;
                geometry.offset = offset;
                geometry.lower_start = start;
                geometry.length = 80;
                const passthrough_mapping mapping = mapped(geometry);
                for (uint64_t sector = begin; sector < begin + 80; sector++) {
                    const uint64_t lower = passthrough_lower_sector(&mapping, sector);
                    ASSERT_EQ(lower, sector - begin + offset);
                    /* The lower dax_device is that of the whole disk. */
                    ASSERT_EQ(passthrough_lower_pgoff(&mapping, sector / 8), (lower + start) / 8);
                }
            }
}

TEST(Mapping, P13_WhatIsNotWholePagesIsRefusedWithTheRuleItBreaks) {
    struct Field {
        uint64_t passthrough_geometry::*value;
        const char *named;
    };
    const Field fields[] = {
        {&passthrough_geometry::begin, "target's start"},
        {&passthrough_geometry::length, "target's length"},
        {&passthrough_geometry::offset, "offset must"},
        {&passthrough_geometry::lower_start, "lower partition"},
    };
    for (const Field &field : fields)
        for (uint64_t off = 1; off < 8; off++) {
            passthrough_geometry geometry = kGood;
            geometry.length = 80;
            geometry.*field.value += off;
            const Checked checked = check(geometry);
            EXPECT_EQ(checked.status, DAXMEND_INVALID) << field.named << " by " << off;
            ASSERT_NE(checked.sentence, nullptr);
            EXPECT_NE(std::string(checked.sentence).find(field.named), std::string::npos)
                << checked.sentence;
            EXPECT_NE(std::string(checked.sentence).find("multiple of 8 sectors"),
                      std::string::npos);
        }
}

TEST(Mapping, ATargetMustLieOnTheLowerDevice) {
    struct Case {
        uint64_t offset, length, lower_length;
        bool fits;
    };
    const Case cases[] = {
        {0, 800, 800, true},
        {0, 808, 800, false},
        {8, 792, 800, true},
        {8, 800, 800, false},
        {800, 8, 800, false},
        {808, 8, 800, false},
        {792, 8, 800, true},
        {792, 8, 799, false},
        {0, 800, 803, true},
        {UINT64_MAX - 7, 8, 800, false},
        {8, UINT64_MAX - 7, 800, false},
        {UINT64_MAX - 7, UINT64_MAX - 7, UINT64_MAX, false},
    };
    for (const Case &one : cases) {
        passthrough_geometry geometry = kGood;
        geometry.offset = one.offset;
        geometry.length = one.length;
        geometry.lower_length = one.lower_length;
        const Checked checked = check(geometry);
        EXPECT_EQ(checked.status, one.fits ? DAXMEND_OK : DAXMEND_INVALID)
            << one.offset << "+" << one.length << " on " << one.lower_length;
        if (!one.fits) {
            ASSERT_NE(checked.sentence, nullptr);
            EXPECT_NE(std::string(checked.sentence).find("end of the lower device"),
                      std::string::npos);
        }
    }
}

TEST(Mapping, TargetsFarIntoAMappedDeviceLeadBack) {
    passthrough_geometry geometry = kGood;
    geometry.begin = uint64_t{1} << 50;
    geometry.offset = 16;
    geometry.length = 80;
    const passthrough_mapping mapping = mapped(geometry);
    EXPECT_EQ(passthrough_lower_sector(&mapping, geometry.begin + 5), 21U);
    EXPECT_EQ(passthrough_lower_pgoff(&mapping, geometry.begin / 8 + 1), 3U);
    EXPECT_EQ(mapping.begin, geometry.begin);
    EXPECT_EQ(mapping.length, geometry.length);
}

/* A notice of the lower dax_device, as offset+bytes of the mapped device, or "none". */
std::string upper(const passthrough_mapping &mapping, uint64_t offset, uint64_t bytes) {
    passthrough_bytes found = {};
    if (!passthrough_upper_bytes(&mapping, offset, bytes, &found))
        return "none";
    return std::to_string(found.offset) + "+" + std::to_string(found.bytes);
}

TEST(Mapping, P13_NoticesFromBelowComeOutAtTheMappedPlace) {
    /* Ten pages: 20 to 29 of the mapped device, 7 to 16 of the lower disk. */
    const passthrough_mapping mapping =
        mapped({.begin = 160, .length = 80, .offset = 16, .lower_start = 40, .lower_length = 800});
    EXPECT_EQ(upper(mapping, 7 * 4096, 4096), "81920+4096");
    EXPECT_EQ(upper(mapping, 16 * 4096, 4096), "118784+4096");
    EXPECT_EQ(upper(mapping, 16 * 4096 + 512, 4096), "119296+3584");
    EXPECT_EQ(upper(mapping, 6 * 4096, 4096), "none");
    EXPECT_EQ(upper(mapping, 17 * 4096, 4096), "none");
    EXPECT_EQ(upper(mapping, 6 * 4096, 8192), "81920+4096");
    EXPECT_EQ(upper(mapping, 8 * 4096, 0), "none");
    /* The device goes away: the kernel names all of it. */
    EXPECT_EQ(upper(mapping, 0, UINT64_MAX), "81920+40960");
    EXPECT_EQ(upper(mapping, 8 * 4096, UINT64_MAX), "86016+36864");
}

TEST(Mapping, P13_NoticesUndoTheWayDownForEveryGeometry) {
    for (uint64_t begin = 0; begin <= 64; begin += 8)
        for (uint64_t offset = 0; offset <= 64; offset += 8)
            for (uint64_t start = 0; start <= 64; start += 8) {
                const passthrough_mapping mapping = mapped({.begin = begin,
                                                            .length = 80,
                                                            .offset = offset,
                                                            .lower_start = start,
                                                            .lower_length = 800});
                for (uint64_t page = begin / 8; page < begin / 8 + 10; page++)
                    ASSERT_EQ(upper(mapping, passthrough_lower_pgoff(&mapping, page) * 4096, 4096),
                              std::to_string(page * 4096) + "+4096");
            }
}

} // namespace
