#include "daemon/app/page_intake.hpp"

#include <xxhash.h>

#include "daemon/app/block_mapper.hpp"

namespace baselined::daemon {

namespace {

using connectors::Page;
using connectors::SourceRowData;

constexpr std::size_t foreseen = 8;  ///< rows

class Intake {
  public:
    Intake(StreamPlan& plan, Store& store, RecordKeeper& keeper)
        : plan_(plan),
          store_(store),
          keeper_(keeper),
          stream_(store.stream(plan.source->name, plan.stream->name)) {}

    void take(const Page& page, Instant now) {
        if (page.begins_anew) begin_anew();
        add_rows(page);
        for (const std::string& id : page.deleted) remove(id);
        if (!page.cursor.empty()) stream_.cursor = page.cursor;
        if (page.is_reconciled) stream_.reconciled_at = now;
        stream_.mapping_digest = plan_.digest;
        store_.save_stream(stream_);
    }

  private:
    /// Rows that are new or say something new become a block. Of two of one id in a page the later one
    /// counts.
    void add_rows(const Page& page) {
        block_.stream = stream_.id;
        block_.id = store_.next_block();
        for (std::size_t index = 0; index < page.rows.size(); ++index) {
            if (index + foreseen < page.rows.size())
                store_.foresee_source_row(stream_.id, page.rows[index + foreseen].id);
            add_row(page.rows[index], page.is_as_of_now);
        }
        if (writer_.rows() == 0) return;
        block_.shape = shape_of(page);
        block_.rows = writer_.rows();
        block_.data = writer_.release();
        block_.digest = XXH3_64bits(block_.data.data(), block_.data.size());
        if (store_.add_block(block_) != block_.id)
            throw StoreError(ErrorCode::internal, "the store numbers its blocks otherwise than it says");
        BlockMapper mapper(plan_, stream_, store_, keeper_);
        mapper.bind(block_.shape);
        mapper.map(block_, origins_);
        if (block_.rejected > 0 || !block_.misfits.empty()) store_.save_block_counts(block_);
    }

    void add_row(const SourceRowData& row, bool is_as_of_now) {
        SourceRow source;
        source.version = row.version;
        source.digest = writer_.add(writer_.rows() + 1, row.id, row.version, row.cells);
        source.place = {block_.id, writer_.rows() - 1, 0};
        const auto known = store_.source_row(stream_.id, row.id);
        if (!known) {
            origins_.push_back({store_.add_source_row(stream_.id, row.id, source), true, false});
            return;
        }
        // One that does not say when it was updated says how it is now.
        const bool is_older = row.version != 0 && known->version > row.version;
        if (known->digest == source.digest || (is_older && !is_as_of_now)) {
            writer_.take_back();
            return;
        }
        RowOrigin origin{known->id, false, is_older};
        if (known->place.block == block_.id) {
            RowOrigin& twin = origins_[static_cast<std::size_t>(known->place.index)];
            origin.is_new = twin.is_new;
            twin = {};
        }
        source.id = known->id;
        store_.save_source_row(source);
        origins_.push_back(origin);
    }

    void remove(const std::string& id) {
        const auto row = store_.source_row(stream_.id, id);
        if (!row) return;
        remove_row(row->id);
        store_.add_deleted(stream_.id, 1);
    }

    void remove_row(std::int64_t row) {
        for (const RecordId record : store_.records_of_row(row)) keeper_.remove(record);
        store_.remove_source_row(row);
    }

    void begin_anew() {
        std::vector<std::int64_t> rows;
        store_.visit_source_rows(stream_.id, [&](std::int64_t row, auto, auto) { rows.push_back(row); });
        for (const std::int64_t row : rows) remove_row(row);
        stream_.complete_at = stream_.first_complete_at = stream_.reconciled_at = std::nullopt;
    }

    StreamPlan& plan_;
    Store& store_;
    RecordKeeper& keeper_;
    StoredStream stream_;
    RawRowWriter writer_;
    RawBlock block_;
    std::vector<RowOrigin> origins_;  ///< of the block's rows
};

}  // namespace

void take_page(const Page& page, StreamPlan& plan, Store& store, RecordKeeper& keeper, Instant now) {
    Transaction transaction(store, Transaction::Joins::yes);
    Intake(plan, store, keeper).take(page, now);
    keeper.flush();
    transaction.commit_later(static_cast<std::int64_t>(page.rows.size()));
}

}  // namespace baselined::daemon
