// SPDX-License-Identifier: GPL-2.0
//
// An NVDIMM root device with address range scrub (ARS), clear and error injection, for a guest of stock QEMU.
// QEMU's own root device (\_SB.NVDR) offers none of these. This table hides it, puts \_SB.NVDX in its place and forwards the
// NVDIMM table (_FIT) and the label methods of the DIMMs, so namespaces and labels stay QEMU's. It models a platform that remembers
// which sectors are poisoned; it does not make a load fault (QEMU's monitor command `mce` does that).
//
// Poison is kept as one sorted list of ranges that neither overlap nor touch, RMAX at most, in the form of ARS error records: the
// answer to "ARS status" is then a slice of the list. A change that would need more records is refused and changes nothing.
//
// Integers are 32 bits wide: QEMU's DSDT has revision 1. So all arithmetic is on 512-byte sectors (addresses below 1 TiB), never on bytes.
//
// /sys/bus/acpi/devices/DAXM0001:00/sun counts the calls of "clear" that were well formed, .../hrv the records in the list.
DefinitionBlock ("", "SSDT", 2, "DAXMND", "NDINJECT", 0x00000001)
{
  External (\_SB.NVDR, DeviceObj)
  External (\_SB.NVDR._FIT, MethodObj)
  External (\_SB.NVDR.NV00._LSI, MethodObj)
  External (\_SB.NVDR.NV00._LSR, MethodObj)
  External (\_SB.NVDR.NV00._LSW, MethodObj)
  External (\_SB.NVDR.NV00._DSM, MethodObj)
  External (\_SB.NVDR.NV01._LSI, MethodObj)
  External (\_SB.NVDR.NV01._LSR, MethodObj)
  External (\_SB.NVDR.NV01._LSW, MethodObj)
  External (\_SB.NVDR.NV01._DSM, MethodObj)
  External (\_SB.NVDR.NV02._LSI, MethodObj)
  External (\_SB.NVDR.NV02._LSR, MethodObj)
  External (\_SB.NVDR.NV02._LSW, MethodObj)
  External (\_SB.NVDR.NV02._DSM, MethodObj)
  External (\_SB.NVDR.NV03._LSI, MethodObj)
  External (\_SB.NVDR.NV03._LSR, MethodObj)
  External (\_SB.NVDR.NV03._LSW, MethodObj)
  External (\_SB.NVDR.NV03._DSM, MethodObj)

  Scope (\_SB.NVDR) { Method (_STA, 0) { Return (0) } }

  Scope (\_SB)
  {
    Device (NVDX)
    {
      Name (_HID, "ACPI0012")
      Method (_FIT, 0, Serialized) { Return (\_SB.NVDR._FIT ()) }

      // How many bytes are cleared at once, a power of two; scripts/lib/qemu.sh puts in what scripts/vm --clear-unit asks for. Where it
      // is more than a sector, only whole units at multiples of it are cleared.
      Name (CUNI, 512)

      // ---- The list of poisoned ranges -------------------------------------------------------------------------------

      // One record, as ARS reports it: u32 DIMM handle, u32 reserved, u64 address, u64 length. The handle is always the first
      // DIMM's; this table does not know which one an address belongs to.
      // RECS and ANSW are replaced (CopyObject), not stored to: a buffer that is stored to keeps its size, and copying the longest
      // list each time is what an emulated processor is slowest at.
      Name (RMAX, 4096)                // the most records; the longest ARS answer follows from it
      Name (RECS, Buffer (1) {})       // RCNT records
      Name (RCNT, 0)                   // records in use
      Name (NCLR, 0)                   // calls of "clear"

      // Sectors [KEEP, KEND) cannot be cleared; none when equal.
      Name (KEEP, 0)
      Name (KEND, 0)

      // 64-bit byte quantity (low, high) to sectors, rounded down.
      Method (SECT, 2) { Return ((Arg1 << 23) | (Arg0 >> 9)) }

      // The sectors of a u64 address or length at byte Arg1 of record Arg0: bits 9 to 39 of it, which bytes 1 to 4 hold. No field is
      // created for it: that makes the search several times as slow.
      Method (GETQ, 2) { Return (ToInteger (Mid (RECS, Arg0 * 24 + Arg1 + 1, 4)) >> 1) }
      Method (RBEG, 1) { Return (GETQ (Arg0, 8)) }
      Method (REND, 1) { Return (GETQ (Arg0, 8) + GETQ (Arg0, 16)) }

      // A record for sectors [Arg0, Arg1).
      Method (MAKE, 2, Serialized)
      {
        Local0 = Buffer (24) {1}
        CreateDWordField (Local0, 8, BLOW)
        CreateDWordField (Local0, 12, BHIG)
        CreateDWordField (Local0, 16, LLOW)
        CreateDWordField (Local0, 20, LHIG)
        BLOW = Arg0 << 9
        BHIG = Arg0 >> 23
        LLOW = (Arg1 - Arg0) << 9
        LHIG = (Arg1 - Arg0) >> 23
        Return (Local0)
      }

      // The first record whose end (Arg1 = 1) or start (Arg1 = 0) is beyond sector Arg0; RCNT when there is none.
      Method (FIND, 2)
      {
        Local0 = 0
        Local1 = RCNT
        While (Local0 < Local1)
        {
          Local2 = (Local0 + Local1) >> 1
          If (Arg1) { Local3 = REND (Local2) } Else { Local3 = RBEG (Local2) }
          If (Local3 > Arg0) { Local1 = Local2 } Else { Local0 = Local2 + 1 }
        }
        Return (Local0)
      }

      // Put the Arg3 records of buffer Arg2 in the place of records [Arg0, Arg1). Answers 1, and changes nothing, when full.
      Method (SPLC, 4)
      {
        Local0 = RCNT + Arg3 - (Arg1 - Arg0)
        If (Local0 > RMAX) { Return (1) }
        Local1 = Concatenate (Mid (RECS, 0, Arg0 * 24), Arg2)
        CopyObject (Concatenate (Local1, Mid (RECS, Arg1 * 24, (RCNT - Arg1) * 24)), RECS)
        RCNT = Local0
        Return (0)
      }

      // Poison sectors [Arg0, Arg1): every record that overlaps or touches becomes part of the new one. 1 when full.
      Method (POIS, 2)
      {
        Local0 = FIND (Arg0 - 1, 1)
        Local1 = FIND (Arg1, 0)
        Local2 = Arg0
        Local3 = Arg1
        If (Local0 < Local1)
        {
          If (RBEG (Local0) < Local2) { Local2 = RBEG (Local0) }
          If (REND (Local1 - 1) > Local3) { Local3 = REND (Local1 - 1) }
        }
        Return (SPLC (Local0, Local1, MAKE (Local2, Local3), 1))
      }

      // Poison [Arg0, Arg1) and Arg2 more ranges of this size, Arg3 sectors apart. Answers 1 when full; where none of them meets another
      // or a known one nothing has changed then. Such ranges go into the list at once: each change copies all of it.
      Method (POIM, 4)
      {
        Local0 = FIND (Arg0 - 1, 1)
        Local1 = Arg1 - Arg0
        If ((Arg3 <= Local1) || (Local0 < FIND (Arg1 + Arg2 * Arg3, 0)))
        {
          Local2 = 0
          While (Local2 <= Arg2)
          {
            If (POIS (Arg0 + Local2 * Arg3, Arg1 + Local2 * Arg3)) { Return (1) }
            Local2++
          }
          Return (0)
        }
        Local2 = 0
        Local3 = Mid (RECS, 0, 0)
        While (Local2 <= Arg2)
        {
          Local4 = Arg0 + Local2 * Arg3
          Local3 = Concatenate (Local3, MAKE (Local4, Local4 + Local1))
          Local2++
        }
        Return (SPLC (Local0, Local0, Local3, Arg2 + 1))
      }

      // Make sectors [Arg0, Arg1) good; what lies outside of them stays, so one record may become two. 1 when full.
      Method (HEAL, 2)
      {
        Local0 = FIND (Arg0, 1)
        Local1 = FIND (Arg1 - 1, 0)
        If (Local0 >= Local1) { Return (0) }
        Local2 = Mid (RECS, 0, 0)
        Local3 = 0
        If (RBEG (Local0) < Arg0)
        {
          Local2 = MAKE (RBEG (Local0), Arg0)
          Local3 = 1
        }
        If (REND (Local1 - 1) > Arg1)
        {
          Local2 = Concatenate (Local2, MAKE (Arg1, REND (Local1 - 1)))
          Local3++
        }
        Return (SPLC (Local0, Local1, Local2, Local3))
      }

      // ---- What a caller hands over ----------------------------------------------------------------------------------

      Name (ABEG, 0)                   // sectors [ABEG, AEND), rounded outwards
      Name (AEND, 0)
      Name (AODD, 0)                   // not 0: address or length is no multiple of a sector

      // Read u64 address, u64 length. Answers the status: 0, or 2 (invalid parameter) for nothing at all or beyond 1 TiB.
      Method (TAKE, 1, Serialized)
      {
        If (SizeOf (Arg0) < 16) { Return (2) }
        CreateDWordField (Arg0, 0, BLOW)
        CreateDWordField (Arg0, 4, BHIG)
        CreateDWordField (Arg0, 8, LLOW)
        CreateDWordField (Arg0, 12, LHIG)
        If (((LLOW | LHIG) == 0) || (BHIG >= 0x100) || (LHIG >= 0x100)) { Return (2) }
        ABEG = SECT (BLOW, BHIG)
        AEND = ABEG + SECT (LLOW, LHIG) + (((BLOW & 511) + (LLOW & 511) + 511) >> 9)
        AODD = (BLOW | LLOW) & 511
        If ((ABEG == 0) || (AEND > 0x80000000)) { Return (2) }
        Return (0)
      }

      // The eight bytes that most functions begin their answer with: status, extended status, one number.
      Method (STAT, 3, Serialized)
      {
        Local0 = Buffer (8) {}
        CreateWordField (Local0, 0, CODE)
        CreateWordField (Local0, 2, EXTD)
        CreateDWordField (Local0, 4, NUMB)
        CODE = Arg0
        EXTD = Arg1
        NUMB = Arg2
        Return (Local0)
      }

      // ---- The functions (ACPI: NVDIMM root device _DSM) --------------------------------------------------------------

      // 1, query ARS capabilities: volatile and persistent scrub; longest ARS answer; smallest unit to clear.
      Method (CAPS, 0, Serialized)
      {
        Local0 = Buffer (8) {}
        CreateDWordField (Local0, 0, UNIT)
        UNIT = CUNI
        Return (Concatenate (STAT (0, 3, 48 + RMAX * 24), Local0))
      }

      // 2, start ARS: it ends at once. What the last one covered; nothing when equal.
      Name (SBEG, 0)
      Name (SEND, 0)
      Name (STYP, 0)
      Method (SCRB, 1, Serialized)
      {
        Local0 = TAKE (Arg0)
        If (Local0 || (SizeOf (Arg0) < 18)) { Return (STAT (2, 0, 0)) }
        CreateWordField (Arg0, 16, TYPE)
        SBEG = ABEG
        SEND = AEND
        STYP = TYPE
        Return (STAT (0, 0, 1))
      }

      // 3, query ARS status: u32 status, u32 length of the answer, u64 start, u64 length, u64 restart address, u64 restart length,
      // u16 type, u16 flags, u32 number of records, records. All RMAX records fit in the longest answer, so the overflow flag is
      // never needed. The list is read now, not at the time of the start: a scrub never reports what has been cleared since.
      Name (ANSW, Buffer (1) {})
      Method (PUTD, 2, Serialized)
      {
        CreateDWordField (ANSW, Arg0, DWRD)
        DWRD = Arg1
      }
      Method (PUTR, 3, Serialized)
      {
        CreateField (ANSW, (48 + Arg0 * 24) << 3, 192, RCRD)
        RCRD = MAKE (Arg1, Arg2)
      }
      Method (ARSS, 0, Serialized)
      {
        If (SBEG == SEND) { Return (Concatenate (STAT (0, 2, 48), Mid (RECS, 0, 0))) }
        Local0 = FIND (SBEG, 1)
        Local1 = FIND (SEND - 1, 0)
        Local2 = 0
        If (Local0 < Local1) { Local2 = Local1 - Local0 }
        CopyObject (Concatenate (Buffer (48) {}, Mid (RECS, Local0 * 24, Local2 * 24)), ANSW)
        // The scrub's own bounds cut the first and the last record.
        If (Local2)
        {
          Local3 = RBEG (Local0)
          Local4 = REND (Local0)
          If (Local3 < SBEG) { Local3 = SBEG }
          If (Local4 > SEND) { Local4 = SEND }
          PUTR (0, Local3, Local4)
          Local1--
          Local3 = RBEG (Local1)
          Local4 = REND (Local1)
          If (Local3 < SBEG) { Local3 = SBEG }
          If (Local4 > SEND) { Local4 = SEND }
          PUTR (Local2 - 1, Local3, Local4)
        }
        Local5 = 48 + Local2 * 24
        PUTD (4, Local5)
        PUTD (8, SBEG << 9)
        PUTD (12, SBEG >> 23)
        PUTD (16, (SEND - SBEG) << 9)
        PUTD (20, (SEND - SBEG) >> 23)
        PUTD (40, STYP)
        PUTD (44, Local2)
        Return (ANSW)
      }

      // 4, clear uncorrectable error: answers how much was cleared, from the start on. The unit that holds the first sector of a range
      // that cannot be cleared ends it.
      Method (CLER, 1, Serialized)
      {
        Local0 = TAKE (Arg0)
        Local3 = CUNI >> 9             // sectors in a unit, 0 where it is smaller than a sector
        If (Local3) { Local3-- }
        If (Local0 || AODD || ((ABEG | AEND) & Local3)) { Return (Concatenate (STAT (2, 0, 0), Buffer (8) {})) }
        NCLR++
        Local1 = AEND
        If ((KEEP < KEND) && (ABEG < KEND) && (KEEP < AEND))
        {
          Local1 = ABEG
          If (ABEG < KEEP) { Local1 = KEEP - (KEEP & Local3) }
        }
        Local2 = Buffer (8) {}
        CreateDWordField (Local2, 0, DLOW)
        CreateDWordField (Local2, 4, DHIG)
        If (Local1 > ABEG)
        {
          If (HEAL (ABEG, Local1)) { Local1 = ABEG }
        }
        DLOW = (Local1 - ABEG) << 9
        DHIG = (Local1 - ABEG) >> 23
        Return (Concatenate (STAT (0, 0, 0), Local2))
      }

      // 7, inject: u64 start, u64 length, u8 options. Option bit 0: tell the driver with an "uncorrectable error" notification.
      // Option bit 7 is this table's own: the range cannot be cleared (one at a time; the last one counts). So are the reserved bytes
      // behind the options: u16 at byte 18, how many ranges more; u32 at byte 20, sectors from the start of one to that of the next.
      // Extended status 1 says that the list is full.
      Method (INJS, 1, Serialized)
      {
        Local0 = TAKE (Arg0)
        If (Local0 || (SizeOf (Arg0) < 17)) { Return (STAT (2, 0, 0)) }
        CreateByteField (Arg0, 16, OPTS)
        If (SizeOf (Arg0) >= 24)
        {
          CreateWordField (Arg0, 18, MORE)
          CreateDWordField (Arg0, 20, STRD)
          If (MORE)
          {
            If (POIM (ABEG, AEND, MORE, STRD)) { Return (STAT (2, 1, 0)) }
            Return (STAT (0, 0, 0))
          }
        }
        If (POIS (ABEG, AEND)) { Return (STAT (2, 1, 0)) }
        If (OPTS & 0x80)
        {
          KEEP = ABEG
          KEND = AEND
        }
        If (OPTS & 1) { Notify (\_SB.NVDX, 0x81) }
        Return (STAT (0, 0, 0))
      }

      // 8, take an injection back: u64 start, u64 length.
      Method (INJC, 1, Serialized)
      {
        Local0 = TAKE (Arg0)
        If (Local0) { Return (STAT (Local0, 0, 0)) }
        If (HEAL (ABEG, AEND)) { Return (STAT (2, 1, 0)) }
        If ((ABEG < KEND) && (KEEP < AEND))
        {
          KEEP = 0
          KEND = 0
        }
        Return (STAT (0, 0, 0))
      }

      // 9, list the injections: u32 status, u32 number of records, then u64 start and u64 length of each.
      Method (PUTI, 1, Serialized)
      {
        CreateField (ANSW, (8 + Arg0 * 16) << 3, 128, PAIR)
        PAIR = Mid (RECS, Arg0 * 24 + 8, 16)
      }
      Method (INJL, 0, Serialized)
      {
        CopyObject (Concatenate (STAT (0, 0, RCNT), Mid (RECS, 0, RCNT * 16)), ANSW)   // of the right size; the content follows
        Local0 = 0
        While (Local0 < RCNT)
        {
          PUTI (Local0)
          Local0++
        }
        Return (ANSW)
      }

      Method (_DSM, 4, Serialized)
      {
        If (Arg0 != ToUUID ("2f10e7a4-9e91-11e4-89d3-123b93f75cba")) { Return (Buffer (1) {0}) }
        If (Arg2 == 0) { Return (Buffer (2) {0x9F, 0x03}) }   // functions 0 to 4 and 7 to 9
        Local0 = Buffer (1) {}
        If (SizeOf (Arg3)) { Local0 = DerefOf (Arg3 [0]) }
        Switch (ToInteger (Arg2))
        {
          Case (1) { Return (CAPS ()) }
          Case (2) { Return (SCRB (Local0)) }
          Case (3) { Return (ARSS ()) }
          Case (4) { Return (CLER (Local0)) }
          Case (7) { Return (INJS (Local0)) }
          Case (8) { Return (INJC (Local0)) }
          Case (9) { Return (INJL ()) }
        }
        Return (STAT (1, 0, 0))   // not supported
      }

      // ---- The DIMMs: QEMU's, one for each memory slot that scripts/vm gives the guest ---------------------------------

      Device (NV00)
      {
        Name (_ADR, 1)
        Method (_LSI, 0, Serialized) { Return (\_SB.NVDR.NV00._LSI ()) }
        Method (_LSR, 2, Serialized) { Return (\_SB.NVDR.NV00._LSR (Arg0, Arg1)) }
        Method (_LSW, 3, Serialized) { Return (\_SB.NVDR.NV00._LSW (Arg0, Arg1, Arg2)) }
        Method (_DSM, 4, Serialized) { Return (\_SB.NVDR.NV00._DSM (Arg0, Arg1, Arg2, Arg3)) }
      }
      Device (NV01)
      {
        Name (_ADR, 2)
        Method (_LSI, 0, Serialized) { Return (\_SB.NVDR.NV01._LSI ()) }
        Method (_LSR, 2, Serialized) { Return (\_SB.NVDR.NV01._LSR (Arg0, Arg1)) }
        Method (_LSW, 3, Serialized) { Return (\_SB.NVDR.NV01._LSW (Arg0, Arg1, Arg2)) }
        Method (_DSM, 4, Serialized) { Return (\_SB.NVDR.NV01._DSM (Arg0, Arg1, Arg2, Arg3)) }
      }
      Device (NV02)
      {
        Name (_ADR, 3)
        Method (_LSI, 0, Serialized) { Return (\_SB.NVDR.NV02._LSI ()) }
        Method (_LSR, 2, Serialized) { Return (\_SB.NVDR.NV02._LSR (Arg0, Arg1)) }
        Method (_LSW, 3, Serialized) { Return (\_SB.NVDR.NV02._LSW (Arg0, Arg1, Arg2)) }
        Method (_DSM, 4, Serialized) { Return (\_SB.NVDR.NV02._DSM (Arg0, Arg1, Arg2, Arg3)) }
      }
      Device (NV03)
      {
        Name (_ADR, 4)
        Method (_LSI, 0, Serialized) { Return (\_SB.NVDR.NV03._LSI ()) }
        Method (_LSR, 2, Serialized) { Return (\_SB.NVDR.NV03._LSR (Arg0, Arg1)) }
        Method (_LSW, 3, Serialized) { Return (\_SB.NVDR.NV03._LSW (Arg0, Arg1, Arg2)) }
        Method (_DSM, 4, Serialized) { Return (\_SB.NVDR.NV03._DSM (Arg0, Arg1, Arg2, Arg3)) }
      }
    }

    // Two numbers for tests to read from sysfs; see the head of this file.
    Device (DAXM)
    {
      Name (_HID, "DAXM0001")
      Method (_SUN, 0) { Return (\_SB.NVDX.NCLR) }
      Method (_HRV, 0) { Return (\_SB.NVDX.RCNT) }
    }
  }
}
