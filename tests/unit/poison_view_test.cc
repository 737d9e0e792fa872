// SPDX-License-Identifier: GPL-2.0
/*
 * What a passthrough target tells of the poison below it: exact where dax_core knows, by pages
 * where only refused accesses tell, and each layer of a walk in its place.
 */
#include "device_fixture.h"
#include "fake_below.h"

namespace {

using Lines = std::vector<std::string>;

class PoisonView : public fake::DeviceTest {
  protected:
    Lines list(uint64_t begin, uint64_t end, uint64_t pages_to_below = 0) {
        passthrough_text text;
        status_ = passthrough_list(&below_, {begin, end}, pages_to_below, &text, &totals_);
        return text.lines;
    }
    Lines walk(uint64_t sector) {
        passthrough_text text;
        passthrough_walk(&below_, "dm-7", sector, &text);
        return text.lines;
    }
    uint64_t signature(uint64_t end) {
        passthrough_totals totals = {};
        EXPECT_EQ(passthrough_list(&below_, {0, end}, 0, nullptr, &totals), DAXMEND_OK);
        return totals.signature;
    }
    static daxmend_hop layer(const char *device, uint64_t sector, const char *lower,
                             uint64_t lower_sector) {
        daxmend_hop hop = {};
        snprintf(hop.device, sizeof(hop.device), "%s", device);
        snprintf(hop.lower, sizeof(hop.lower), "%s", lower);
        hop.sector = sector;
        hop.lower_sector = lower_sector;
        return hop;
    }

    passthrough_below below_;
    passthrough_totals totals_ = {};
    int32_t status_ = DAXMEND_OK;
};

TEST_F(PoisonView, ExactOverKnownMemory) {
    make(8000);
    mark(803, 804);
    mark(2047, 2060);
    below_.pieces = {{.pages = 1000, .known = device_}};
    EXPECT_EQ(list(0, 8000), (Lines{"803+1 sectors", "2047+13 sectors"}));
    EXPECT_EQ(status_, DAXMEND_OK);
    EXPECT_EQ(totals_.sectors, 14U);
    EXPECT_EQ(totals_.ranges, 2U);
    EXPECT_EQ(totals_.page_ranges, 0U);
    EXPECT_EQ(totals_.unknown_pages, 0U);
}

TEST_F(PoisonView, LookingIsNoRefusedAccess) {
    make(8000);
    mark(803, 804);
    below_.pieces = {{.pages = 1000, .known = device_}};
    list(0, 8000);
    walk(803);
    EXPECT_EQ(daxmend_device_events(device_, DAXMEND_EVENT_ACCESS_REFUSED), 0U);
}

TEST_F(PoisonView, NothingBadIsOneLook) {
    make(8000);
    below_.pieces = {{.pages = 1000, .known = device_}};
    EXPECT_EQ(list(0, 8000), Lines{});
    EXPECT_EQ(below_.asked, 1U);
}

TEST_F(PoisonView, OnlyWhatWasAskedForAndInTheMappedDevicesSectors) {
    make(8000);
    mark(800, 816);
    below_.pieces = {{.pages = 1000, .known = device_}};
    /* Mapped sector 0 is sector 160 below. */
    EXPECT_EQ(list(643, 650, 20), (Lines{"643+7 sectors"}));
    EXPECT_EQ(list(600, 640, 20), Lines{});
    EXPECT_EQ(list(655, 657, 20), (Lines{"655+1 sectors"}));
}

TEST_F(PoisonView, P13_AnExtentOverABorderOfTwoPiecesIsOneRange) {
    make(8000);
    mark(796, 804);
    /* The second piece is elsewhere on the device. */
    mark(4000, 4003);
    below_.pieces = {{.pages = 100, .known = device_, .known_sector = 0},
                     {.pages = 100, .known = device_, .known_sector = 4000}};
    EXPECT_EQ(list(0, 1600), (Lines{"796+7 sectors"}));
    EXPECT_EQ(totals_.sectors, 7U);
}

TEST_F(PoisonView, ByPagesWhereNobodyOfOursKnows) {
    for (const bool refuses_any : {false, true}) {
        below_ = {};
        below_.pieces = {
            {.pages = 1000, .bad_pages = {0, 100, 101, 512, 999}, .refuses_any = refuses_any}};
        EXPECT_EQ(list(0, 8000),
                  (Lines{"0+8 pages", "800+16 pages", "4096+8 pages", "7992+8 pages"}))
            << refuses_any;
        EXPECT_EQ(totals_.sectors, 40U);
        EXPECT_EQ(totals_.page_ranges, 4U);
        EXPECT_LT(below_.asked, 300U) << "five bad pages of a thousand";
    }
}

TEST_F(PoisonView, EveryPatternOfTwelvePagesIsFound) {
    for (const bool refuses_any : {false, true})
        for (uint32_t pattern = 0; pattern < 4096; pattern++) {
            below_ = {};
            below_.pieces = {{.pages = 12, .refuses_any = refuses_any}};
            uint64_t bad = 0;
            for (uint64_t page = 0; page < 12; page++)
                if (pattern >> page & 1)
                    below_.pieces[0].bad_pages.insert(page), bad++;
            list(0, 96);
            ASSERT_EQ(status_, DAXMEND_OK);
            ASSERT_EQ(totals_.sectors, bad * 8) << pattern;
        }
}

TEST_F(PoisonView, KnownAndUnknownPiecesSideBySideAreToldApart) {
    make(800);
    mark(796, 800);
    below_.pieces = {{.pages = 100, .known = device_}, {.pages = 100, .bad_pages = {0}}};
    EXPECT_EQ(list(0, 1600), (Lines{"796+4 sectors", "800+8 pages"}));
    EXPECT_EQ(totals_.unknown_pages, 100U);
    EXPECT_EQ(totals_.ranges, 2U);
    EXPECT_EQ(totals_.page_ranges, 1U);
}

TEST_F(PoisonView, WhereThereIsNoAccessTheLookEndsAndSaysSo) {
    below_.pieces = {{.pages = 10, .bad_pages = {3}},
                     {.pages = 10, .error = DAXMEND_KERNEL_ERROR - 95}};
    EXPECT_EQ(list(0, 160), (Lines{"24+8 pages"}));
    EXPECT_EQ(status_, DAXMEND_KERNEL_ERROR - 95);
}

TEST_F(PoisonView, TheSignatureFollowsTheList) {
    make(8000);
    below_.pieces = {{.pages = 1000, .known = device_}};
    const uint64_t none = signature(8000);
    mark(10, 11);
    const uint64_t one = signature(8000);
    EXPECT_NE(one, none);
    EXPECT_EQ(signature(8000), one);
    mark(12, 13);
    EXPECT_NE(signature(8000), one);
    write_sectors(12, 1);
    EXPECT_EQ(signature(8000), one);
    write_sectors(10, 1);
    mark(11, 12);
    EXPECT_NE(signature(8000), one) << "as many sectors, another place";
}

TEST_F(PoisonView, AWalkShowsEachLayerAndItsSector) {
    make(8000);
    mark(4003, 4004);
    below_.pieces = {{.pages = 100, .known = device_, .known_sector = 4000}};
    below_.pieces[0].layers = {layer("dm-7", 0, "dm-6", 64), layer("dm-6", 64, "pmem9", 4000)};
    EXPECT_EQ(walk(3), (Lines{"dm-7 3 ours bad", "dm-6 67 ours bad", "pmem9 4003 media bad"}));
    EXPECT_EQ(walk(13), (Lines{"dm-7 13 ours good", "dm-6 77 ours good", "pmem9 4013 media good"}));
}

TEST_F(PoisonView, AWalkShowsWhereLayersOfOthersLie) {
    make(8000);
    below_.pieces = {{.pages = 100, .known = device_, .known_sector = 800}};
    below_.pieces[0].layers = {layer("dm-5", 64, "dm-4", 128)};
    EXPECT_EQ(walk(1), (Lines{"dm-7 1 unseen good", "dm-5 65 ours good", "dm-4 129 unseen good",
                              "pmem9 801 media good"}));
}

TEST_F(PoisonView, AWalkSeesALayerOfOthersThatKeepsTheName) {
    below_.pieces = {{.pages = 100}};
    /* A table of two targets: the one above is not ours, the sector tells. */
    below_.pieces[0].layers = {layer("dm-7", 800, "dm-6", 0)};
    EXPECT_EQ(walk(0),
              (Lines{"dm-7 0 unseen good", "dm-7 800 ours good", "dm-6 0 last-seen good"}));
}

TEST_F(PoisonView, AWalkSaysWhereSightEnds) {
    below_.pieces = {{.pages = 100, .bad_pages = {2}},
                     {.pages = 1, .error = DAXMEND_KERNEL_ERROR - 95}};
    below_.pieces[0].layers = {layer("dm-7", 0, "pmem0", 2048)};
    below_.pieces[1].layers = {layer("dm-7", 800, "sda", 0)};
    EXPECT_EQ(walk(20), (Lines{"dm-7 20 ours bad-page", "pmem0 2068 last-seen bad-page"}));
    EXPECT_EQ(walk(8), (Lines{"dm-7 8 ours good", "pmem0 2056 last-seen good"}));
    EXPECT_EQ(walk(800), (Lines{"dm-7 800 ours no-access", "sda 0 last-seen no-access"}));
}

TEST_F(PoisonView, ADeviceThatIsGoneIsNotBadMemory) {
    /* Linux 6.1 has one error for both; only poison gives way to the recovery flag. */
    below_.pieces = {{.pages = 100, .error = DAXMEND_POISONED}};
    below_.pieces[0].layers = {layer("dm-7", 0, "dm-6", 0)};
    EXPECT_EQ(list(0, 800), Lines{});
    EXPECT_EQ(status_, DAXMEND_MEDIA);
    EXPECT_LT(below_.asked, 20U);
    EXPECT_EQ(walk(8), (Lines{"dm-7 8 ours no-access", "dm-6 8 last-seen no-access"}));
}

TEST_F(PoisonView, OneLookIsForNoMoreThanNdPmemCanCount) {
    const uint64_t pages = DAXMEND_LOOK_PAGES * 3 + 5;
    below_.pieces = {{.pages = pages, .bad_pages = {pages - 1}}};
    EXPECT_EQ(list(0, pages * 8), (Lines{std::to_string((pages - 1) * 8) + "+8 pages"}));
}

TEST_F(PoisonView, RealPoisonInAPageWithEmulatedPoisonIsSeen) {
    make(8000);
    mark(0, 1);
    daxmend_hop emulating = layer("dm-7", 0, "pmem0", 0);
    emulating.poison = device_;
    below_.pieces = {{.pages = 10, .bad_pages = {0}}};
    below_.pieces[0].layers = {emulating};
    EXPECT_EQ(list(0, 80), (Lines{"0+8 pages"}));
    EXPECT_EQ(walk(5), (Lines{"dm-7 5 ours bad-page", "pmem0 5 last-seen bad-page"}));
}

TEST_F(PoisonView, ALayerThatEmulatesPoisonAddsToWhatIsBelow) {
    make(8000);
    mark(5, 6);
    daxmend_hop emulating = layer("dm-6", 0, "pmem0", 0);
    emulating.poison = device_;
    /* Over memory that nobody of ours knows, and that is bad elsewhere. */
    below_.pieces = {{.pages = 100, .bad_pages = {7}}};
    below_.pieces[0].layers = {layer("dm-7", 0, "dm-6", 0), emulating};
    EXPECT_EQ(list(0, 800), (Lines{"5+1 sectors", "56+8 pages"}));
    EXPECT_EQ(walk(5), (Lines{"dm-7 5 ours bad", "dm-6 5 ours bad", "pmem0 5 last-seen good"}));
    /* Over known memory with poison of its own, which overlaps. */
    mark(4000, 4003);
    below_.pieces = {{.pages = 10, .known = device_, .known_sector = 4000}};
    emulating.poison_sector = 4;
    below_.pieces[0].layers = {emulating};
    EXPECT_EQ(list(0, 80), (Lines{"0+3 sectors"}));
    mark(6, 30);
    EXPECT_EQ(list(0, 80), (Lines{"0+26 sectors"}));
    EXPECT_EQ(totals_.sectors, 26U);
}

} // namespace
