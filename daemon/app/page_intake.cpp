#include "daemon/app/page_intake.hpp"

#include <xxhash.h>

#include <unordered_map>

#include "daemon/app/block_mapper.hpp"

namespace baselined::daemon {

namespace {

using connectors::Page;
using connectors::SourceRowData;
using mappings::Cell;

std::vector<Cell> cells_of(const SourceRowData& row) {
    std::vector<Cell> cells{mappings::text_cell(row.id),
                            mappings::number_cell(static_cast<double>(row.version))};
    for (const std::string& text : row.cells)
        cells.push_back(text.empty() ? Cell{} : mappings::text_cell(text));
    return cells;
}

class Intake {
  public:
    Intake(StreamPlan& plan, Store& store, RecordKeeper& keeper)
        : plan_(plan),
          store_(store),
          keeper_(keeper),
          stream_(store.stream(plan.source->name, plan.stream->name)) {}

    void take(const Page& page, Instant now) {
        const auto fresh = fresh_rows(page);
        if (!fresh.empty()) add_block(page, fresh);
        for (const std::string& id : page.deleted) remove(id);
        if (!page.cursor.empty()) stream_.cursor = page.cursor;
        if (page.is_reconciled) stream_.reconciled_at = now;
        stream_.mapping_digest = plan_.digest;
        store_.save_stream(stream_);
    }

  private:
    struct Fresh {
        const SourceRowData* row;
        std::uint64_t digest;
    };

    /// Rows that are new or say something new. Of two of one id in a page the later one counts.
    std::vector<Fresh> fresh_rows(const Page& page) {
        std::vector<Fresh> fresh;
        std::unordered_map<std::string_view, std::size_t> places;
        for (const SourceRowData& row : page.rows) {
            RawRowWriter writer;
            const std::uint64_t digest = writer.add(1, cells_of(row));
            const auto known = store_.source_row(stream_.id, row.id);
            if (known && (known->digest == digest || known->version > row.version)) continue;
            const auto [twin, is_first] = places.try_emplace(row.id, fresh.size());
            if (is_first)
                fresh.push_back({&row, digest});
            else if (fresh[twin->second].row->version <= row.version)
                fresh[twin->second] = {&row, digest};
        }
        return fresh;
    }

    void add_block(const Page& page, const std::vector<Fresh>& fresh) {
        RawRowWriter writer;
        for (const Fresh& one : fresh) writer.add(writer.rows() + 1, cells_of(*one.row));
        RawBlock block;
        block.stream = stream_.id;
        block.shape = shape_of(page);
        block.data = writer.bytes();
        block.digest = XXH3_64bits(block.data.data(), block.data.size());
        block.rows = writer.rows();
        block.id = store_.add_block(block);
        for (std::size_t index = 0; index < fresh.size(); ++index)
            store_.save_source_row(stream_.id, fresh[index].row->id,
                                   {0,
                                    fresh[index].row->version,
                                    fresh[index].digest,
                                    {block.id, static_cast<std::int64_t>(index), 0}});
        BlockMapper mapper(plan_, stream_, store_, keeper_);
        mapper.bind(block.shape);
        mapper.map(block);
        if (block.rejected > 0 || !block.misfits.empty()) store_.save_block_counts(block);
    }

    void remove(const std::string& id) {
        const auto row = store_.source_row(stream_.id, id);
        if (!row) return;
        for (const RecordId record : store_.records_of_row(row->id)) keeper_.remove(record);
        store_.remove_source_row(row->id);
        store_.add_deleted(stream_.id, 1);
    }

    StreamPlan& plan_;
    Store& store_;
    RecordKeeper& keeper_;
    StoredStream stream_;
};

}  // namespace

void take_page(const Page& page, StreamPlan& plan, Store& store, RecordKeeper& keeper, Instant now) {
    Transaction transaction(store);
    Intake(plan, store, keeper).take(page, now);
    keeper.flush();
    transaction.commit();
}

}  // namespace baselined::daemon
