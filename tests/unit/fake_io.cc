// SPDX-License-Identifier: GPL-2.0
/* Sources and sinks: see fake_io.h. */
#include "fake_io.h"

#include <algorithm>
#include <cstring>

#include "fake_media.h"

namespace fake {

const uint8_t *pattern_bytes() {
    static const std::vector<uint8_t> all = [] {
        std::vector<uint8_t> bytes(kPatternBytes);
        for (uint64_t n = 0; n < bytes.size(); n++)
            bytes[n] = daxmend_source::pattern(n);
        return bytes;
    }();
    return all.data();
}

} // namespace fake

using namespace fake;

daxmend_source::daxmend_source(uint64_t bytes, uint64_t piece) : size_(bytes), piece_(piece) {
    if (piece == UINT64_MAX && bytes <= kPatternBytes)
        return;
    piece_ = std::min(piece, bytes);
    for (uint64_t begin = 0; begin < bytes; begin += piece_) {
        std::vector<uint8_t> part(std::min(piece_, bytes - begin));
        for (uint64_t n = 0; n < part.size(); n++)
            part[n] = pattern(begin + n);
        pieces_.push_back(std::move(part));
    }
}

daxmend_source::~daxmend_source() {
    if (securing)
        ADD_FAILURE() << "a secured stretch was never accepted";
}

uint64_t daxmend_source::readable_from(uint64_t begin, uint64_t bytes) const {
    const uint64_t end = std::min({fault_at, size_, begin + bytes});
    return end > begin ? end - begin : 0;
}

void daxmend_source::copy_out(uint64_t begin, void *to, uint64_t bytes) const {
    if (pieces_.empty()) {
        std::memcpy(to, pattern_bytes() + begin, bytes);
        return;
    }
    auto *out = static_cast<uint8_t *>(to);
    while (bytes > 0) {
        const std::vector<uint8_t> &piece = pieces_.at(begin / piece_);
        const uint64_t part = std::min<uint64_t>(bytes, piece.size() - begin % piece_);
        std::memcpy(out, piece.data() + begin % piece_, part);
        out += part;
        begin += part;
        bytes -= part;
    }
}

extern "C" {

size_t daxmend_source_copy(daxmend_source *source, void *to, size_t bytes) {
    expect_may_sleep("daxmend_source_copy");
    if (holds_mutex())
        ADD_FAILURE() << "the writer's buffer may fault and was read under the repair lock";
    if (source->securing)
        ADD_FAILURE() << "a plain copy was made inside of a secured stretch";
    const uint64_t copied = source->readable_from(source->position, bytes);
    source->copy_out(source->position, to, Media::note_touch("write", to, copied));
    source->position += copied;
    source->plain_copies++;
    return copied;
}

void daxmend_source_rewind(daxmend_source *source, size_t bytes) {
    if (source->securing)
        ADD_FAILURE() << "a source was rewound inside of a secured stretch";
    if (source->position - source->accepted_at < bytes)
        ADD_FAILURE() << "a source was rewound over bytes that no plain copy has taken";
    source->position -= bytes;
}

int64_t daxmend_source_secure(daxmend_source *source, size_t bytes) {
    expect_may_sleep("daxmend_source_secure");
    if (holds_mutex())
        ADD_FAILURE() << "the writer's buffer may fault and was secured under the repair lock";
    if (source->securing)
        ADD_FAILURE() << "a stretch was secured inside of another";
    source->securing = true;
    source->secured =
        std::min(source->readable_from(source->position, bytes), source->secure_at_most);
    source->secured_taken = 0;
    if (source->secure_fails)
        source->secured = 0;
    return source->secure_fails ? DAXMEND_NO_MEMORY : static_cast<int64_t>(source->secured);
}

void daxmend_source_copy_secured(daxmend_source *source, void *to, size_t bytes) {
    if (!source->securing || source->secured_taken + bytes > source->secured) {
        ADD_FAILURE() << "bytes were copied that are not secured";
        return;
    }
    source->copy_out(source->position + source->secured_taken, to,
                     Media::note_touch("write", to, bytes));
    source->secured_taken += bytes;
    source->secured_copies++;
}

void daxmend_source_accept(daxmend_source *source, size_t bytes) {
    if (!source->securing)
        ADD_FAILURE() << "a stretch was accepted that was not secured";
    if (bytes > source->secured_taken)
        ADD_FAILURE() << "bytes were accepted that were not copied";
    source->securing = false;
    source->position += bytes;
    source->accepted_at = source->position;
}

size_t daxmend_sink_copy(daxmend_sink *sink, const void *from, size_t bytes) {
    expect_may_sleep("daxmend_sink_copy");
    const uint64_t copied = Media::note_touch("read", from, Media::readable(from, bytes));
    const auto *begin = static_cast<const uint8_t *>(from);
    sink->data.insert(sink->data.end(), begin, begin + copied);
    sink->copies++;
    return copied;
}

void daxmend_sink_rewind(daxmend_sink *sink) {
    sink->data.clear();
    sink->rewinds++;
}

} // extern "C"
