#include "daemon/app/former_rows.hpp"

#include <xxhash.h>

#include <algorithm>

#include "daemon/store/raw_rows.hpp"

namespace baselined::daemon {

FormerRows::FormerRows(FileId file, std::int64_t from_ordinal, Store& store) {
    std::vector<std::uint64_t> digests;
    store.visit_former_blocks(file, from_ordinal, [&](const RawBlock& block) {
        first_ordinal_ = std::min(first_ordinal_, block.ordinal);
        const std::uint64_t shape = XXH3_64bits(block.shape.data(), block.shape.size());
        for (RawRowReader rows(block.data); rows.next();) digests.push_back(rows.digest() ^ shape);
    });
    std::sort(digests.begin(), digests.end());
    for (const std::uint64_t digest : digests) {
        if (rows_.empty() || rows_.back().digest != digest) rows_.push_back({digest, 0});
        ++rows_.back().left;
    }
}

bool FormerRows::find(std::uint64_t digest) {
    const auto row =
        std::lower_bound(rows_.begin(), rows_.end(), digest,
                         [](const Row& one, std::uint64_t wanted) { return one.digest < wanted; });
    if (row == rows_.end() || row->digest != digest || row->left == 0) return false;
    --row->left;
    return true;
}

}  // namespace baselined::daemon
