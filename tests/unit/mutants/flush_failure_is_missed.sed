# SPDX-License-Identifier: GPL-2.0
# A repair counts although the flush failed.
# in: dax_core/repair.cc
# found by: DaxCallersInTrouble.P6_P7_ThePlatformFails
# as: turned good before it was durable
s/if \(!flushed\.is_ok\(\)\)/if (false)/
