// `preview SOURCE STREAM`: rows as they came, the records they map to, what did not fit; or a mapping to
// start from.
#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "connectors/files/header.hpp"
#include "connectors/files/table_reader.hpp"
#include "daemon/app/poller.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/draft.hpp"
#include "daemon/cli/json.hpp"
#include "mappings/mapping/conversion.hpp"

namespace baselined::daemon {

namespace {

using connectors::Page;
using connectors::Sample;
using mappings::Cell;
using mappings::Record;

/// The newest file's first rows, as a page.
Result<Sample> sample_file(const StreamPlan& plan, int rows) {
    auto files = connectors::list_files(plan.source->path, plan.stream->match);
    if (!files) return files.error();
    if (files->empty())
        return Error{ErrorCode::unavailable,
                     fmt::format("no file in {} matches \"{}\"", plan.source->path, plan.stream->match)};
    const auto newest = std::max_element(files->begin(), files->end(), [](const auto& a, const auto& b) {
        return a.modified_ns < b.modified_ns;
    });
    auto reader = connectors::open_table(newest->path,
                                         {plan.stream->delimiter, plan.stream->encoding, plan.stream->sheet});
    if (!reader) return reader.error();
    Page page;
    std::vector<std::vector<std::string>> header;
    const auto& header_rows = plan.stream->header_rows;
    while (static_cast<int>(page.rows.size()) < rows) {
        const auto more = (*reader)->next();
        if (!more) return more.error();
        if (!*more) break;
        const auto cells = (*reader)->cells();
        const auto number = (*reader)->row_number();
        if (std::find(header_rows.begin(), header_rows.end(), number) != header_rows.end())
            header.push_back(connectors::header_texts(cells));
        if (number <= header_rows.back()) continue;
        std::vector<std::string> texts;
        for (const Cell& cell : cells) texts.push_back(mappings::text_of(cell));
        page.add(fmt::format("row {}", number), 0, std::move(texts));
    }
    page.columns = connectors::column_names(header);
    return Sample{std::move(page), {}};
}

Result<Sample> sample_remote(Invocation& invocation, StreamPlan& plan, int rows, bool all_fields) {
    const auto store = make_passing_store();
    RecordKeeper keeper(*store, invocation.portfolio->set());
    boost::asio::io_context io;
    StoreThread thread;
    Poller poller(
        io, *invocation.portfolio, *store, keeper, thread, [&] { return invocation.now; }, PollerMode::once);
    Result<Sample> sample = Error{ErrorCode::internal, "nothing came"};
    std::exception_ptr thrown;
    boost::asio::co_spawn(io, poller.sample(plan, rows, all_fields),
                          [&](std::exception_ptr error, Result<Sample> found) {
                              thrown = error;
                              sample = std::move(found);
                          });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return sample;
}

class StreamPreview {
  public:
    StreamPreview(StreamPlan& plan, const mappings::Schemas& schemas, const Page& page, bool is_json)
        : plan_(plan), schemas_(schemas), page_(page), is_json_(is_json) {}

    void run() {
        for (auto& mapping : plan_.mappings)
            if (page_.is_json)
                mapping.bind(page_.fields);
            else
                mapping.bind(page_.columns);
        for (const auto& row : page_.rows) show(row);
    }

  private:
    void show(const connectors::SourceRowData& row) {
        json_.emplace();
        json_->object();
        show_row(row);
        json_->key("records").array();
        misfits_.clear();
        map(row);
        json_->end_array();
        json_->key("misfits").array();
        for (const auto& misfit : misfits_) {
            json_->object();
            json_->key("field").text(misfit.field);
            json_->key("value").text(misfit.example);
            json_->end_object();
            if (!is_json_) fmt::print("  did not fit: {} = \"{}\"\n", misfit.field, misfit.example);
        }
        json_->end_array();
        json_->end_object();
        if (is_json_) fmt::print("{}\n", json_->str());
    }

    void show_row(const connectors::SourceRowData& row) {
        json_->key("id").text(row.id);
        json_->key("row").object();
        if (!is_json_) fmt::print("{}\n", row.id);
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            const std::string name = page_.is_json              ? "json"
                                     : i < page_.columns.size() ? page_.columns[i]
                                                                : "(no name)";
            json_->key(name).text(row.cells[i]);
            if (!is_json_ && !row.cells[i].empty()) fmt::print("  {}: {}\n", name, row.cells[i]);
        }
        json_->end_object();
    }

    void map(const connectors::SourceRowData& row) {
        std::vector<Cell> cells;
        for (const std::string_view text : row.cells)
            cells.push_back(text.empty() ? Cell{} : mappings::text_cell(text));
        for (auto& mapping : plan_.mappings) {
            const auto take = [&](mappings::Outcome outcome) { show_record(outcome, mapping.record()); };
            if (!page_.is_json) {
                take(mapping.map(cells, misfits_));
                continue;
            }
            rapidjson::Document document;
            document.Parse(row.cells[0].data(), row.cells[0].size());
            mapping.map(document, misfits_, take);
        }
    }

    void show_record(mappings::Outcome outcome, const Record& record) {
        const auto& schema = schemas_.of(record.kind());
        json_->object();
        // Our own words begin with $: no field of a kind, and no attribute of a user's, is lost behind them.
        json_->key("$kind").text(mappings::name_of(record.kind()));
        json_->key("$outcome")
            .text(outcome == mappings::Outcome::record    ? "record"
                  : outcome == mappings::Outcome::skipped ? "skipped"
                                                          : "rejected");
        if (!is_json_)
            fmt::print("  -> {}{}\n", mappings::name_of(record.kind()),
                       outcome == mappings::Outcome::record    ? ""
                       : outcome == mappings::Outcome::skipped ? " (skipped)"
                                                               : " (rejected: it has no id)");
        for (mappings::Slot slot = 0; slot < schema.fields().size(); ++slot) {
            if (!record.has(slot)) continue;
            const std::string text = mappings::shown_value(record.get(slot), schema.field(slot));
            json_->key(schema.field(slot).name).text(text);
            if (!is_json_) fmt::print("     {}: {}\n", schema.field(slot).name, text);
        }
        json_->end_object();
    }

    StreamPlan& plan_;
    const mappings::Schemas& schemas_;
    const Page& page_;
    bool is_json_;
    std::optional<Json> json_;
    std::vector<mappings::ValueMisfit> misfits_;
};

StreamPlan* find_stream(Invocation& invocation, const PreviewRequest& request) {
    std::vector<std::string> sources, streams;
    for (StreamPlan& plan : invocation.portfolio->streams()) {
        if (plan.source->name == request.file && plan.stream->name == request.stream) return &plan;
        sources.push_back(plan.source->name);
        if (plan.source->name == request.file) streams.push_back(plan.stream->name);
    }
    if (streams.empty())
        fmt::print(stderr, "no source \"{}\"{}\n", request.file, did_you_mean(request.file, sources));
    else
        fmt::print(stderr, "the source {} has no stream \"{}\"; its streams: {}\n", request.file,
                   request.stream, fmt::join(streams, ", "));
    return nullptr;
}

}  // namespace

int preview_stream(Invocation& invocation, const PreviewRequest& request) {
    StreamPlan* plan = find_stream(invocation, request);
    if (plan == nullptr) return exit_usage;
    constexpr std::int64_t shown_rows = 3, draft_rows = 200;
    const auto rows = static_cast<int>(std::clamp<std::int64_t>(
        request.rows.value_or(request.is_draft ? draft_rows : shown_rows), 1, 10'000));
    const auto sample = plan->source->type == config::Source::Type::files
                            ? sample_file(*plan, rows)
                            : sample_remote(invocation, *plan, rows, request.is_draft);
    if (!sample) {
        fmt::print(stderr, "{}/{}: {}\n", request.file, request.stream, sample.error().text);
        return exit_source_failed;
    }
    for (const connectors::Note& note : sample->notes)
        fmt::print(stderr, "{}/{}: {}\n", request.file, request.stream, note.text);
    if (request.is_draft)
        fmt::print("{}", draft_of(sample->page, *plan->source, *plan->stream));
    else
        StreamPreview(*plan, invocation.portfolio->schemas(), sample->page, invocation.json).run();
    return exit_done;
}

}  // namespace baselined::daemon
