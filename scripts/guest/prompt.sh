# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The start-up file of the prompt in the interactive guest. init powers the machine off when the prompt ends.

# shellcheck source=/dev/null # made for each run
. /run.conf
PS1='guest# '
alias poweroff=exit
# A serial line does not know the size of the window behind it.
stty sane rows "$ROWS" cols "$COLUMNS"
cd /root || true
