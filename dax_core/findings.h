/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sectors at which the driver's own machine-check-safe copies have just met poison. The platform
 * reports such a machine check to the kernel too, whose memory failure handling then names the whole
 * page. That report says nothing new, and the other sectors of the page stay readable. A failure
 * without a finding is new poison somewhere in the page.
 *
 * Whatever is doubtful is not taken for such a report: a finding explains one failure, soon after
 * it, and none after the sector was repaired; when there is no room the oldest finding goes.
 */
#ifndef DAXMEND_DAX_CORE_FINDINGS_H
#define DAXMEND_DAX_CORE_FINDINGS_H

#include "daxmend/guard.h"
#include "daxmend/services.h"
#include "daxmend/units.h"

namespace daxmend {

/* LOCK: the owner calls all functions under the device's repair lock. */
class Findings : NotCopied {
  public:
    void note(Sectors sector) {
        findings_[next_] = {sector, daxmend_now_milliseconds() + kMillisecondsToReport};
        next_ = (next_ + 1) % kRoom;
    }

    /* Whether a failure of the page reports a finding, which then explains no other. */
    bool explain_failure(Pages page) {
        const uint64_t now = daxmend_now_milliseconds();
        for (Finding &finding : findings_) {
            if (now < finding.until && pages_rounded_down(finding.sector) == page) {
                finding.until = 0;
                return true;
            }
        }
        return false;
    }

    void forget(SectorExtent repaired) {
        for (Finding &finding : findings_)
            if (repaired.contains(finding.sector))
                finding.until = 0;
    }

  private:
    /*
     * Reports come through an interrupt and a work item: within milliseconds, or seconds on a machine
     * in trouble.
     */
    static constexpr uint64_t kMillisecondsToReport = 10000;
    static constexpr uint32_t kRoom = 16;

    struct Finding {
        Sectors sector;
        uint64_t until = 0; /* in the milliseconds of daxmend_now_milliseconds(); 0: none */
    };

    Finding findings_[kRoom];
    uint32_t next_ = 0;
};

} // namespace daxmend

#endif
