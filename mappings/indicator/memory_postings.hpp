// Posting lists in memory: for figures that are asked for once, and for tests.
#pragma once

#include <map>
#include <set>

#include "mappings/indicator/postings.hpp"

namespace baselined::mappings {

class MemoryPostings final : public PostingIndex {
  public:
    void insert_posting(std::int64_t list, const Posting& posting) override { lists_[list].insert(posting); }
    void erase_posting(std::int64_t list, const Posting& posting) override { lists_[list].erase(posting); }

    void visit_postings(std::int64_t list, std::uint64_t hash, Instant from, Instant to,
                        const std::function<bool(const Posting&)>& visit) const override {
        const auto found = lists_.find(list);
        if (found == lists_.end()) return;
        const auto& postings = found->second;
        for (auto at = postings.lower_bound({hash, from, 0});
             at != postings.end() && at->hash == hash && at->at <= to; ++at)
            if (!visit(*at)) return;
    }

    void visit_all_postings(std::int64_t list,
                            const std::function<void(const Posting&)>& visit) const override {
        const auto found = lists_.find(list);
        if (found == lists_.end()) return;
        for (const Posting& posting : found->second) visit(posting);
    }

  private:
    std::map<std::int64_t, std::set<Posting>> lists_;
};

}  // namespace baselined::mappings
