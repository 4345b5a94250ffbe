// `preview SOURCE STREAM`: rows as they came, the records they map to, what did not fit; or a mapping to
// start from.
#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "connectors/files/header.hpp"
#include "connectors/files/table_reader.hpp"
#include "daemon/app/block_mapper.hpp"
#include "daemon/app/poller.hpp"
#include "daemon/cli/asking_memory.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/draft.hpp"
#include "daemon/cli/json.hpp"
#include "daemon/store/raw_rows.hpp"
#include "mappings/mapping/conversion.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

using connectors::Page;
using connectors::Sample;
using mappings::Cell;
using mappings::Record;
using mappings::visible;

/// Rows of a file as `once` stores them, so that both see the same cells.
struct FileRows {
    std::string file;
    std::vector<std::string> columns;
    RawRowWriter rows;
};

/// The newest file's first rows.
Result<FileRows> rows_of_file(const StreamPlan& plan, int rows) {
    auto files = connectors::list_files(plan.source->path, plan.stream->match);
    if (!files) return files.error();
    if (files->empty()) return Error{ErrorCode::unavailable, no_file_of(plan)};
    const auto newest = std::max_element(files->begin(), files->end(), [](const auto& a, const auto& b) {
        return a.modified_ns < b.modified_ns;
    });
    auto table = connectors::open_table(newest->path,
                                        {plan.stream->delimiter, plan.stream->encoding, plan.stream->sheet});
    if (!table) return table.error();
    auto columns = connectors::read_header(**table, plan.stream->header_rows, newest->name);
    if (!columns) return columns.error();
    FileRows found{newest->name, std::move(*columns), {}};
    while (found.rows.rows() < rows) {
        const auto more = (*table)->next();
        if (!more) return more.error();
        if (!*more) break;
        found.rows.add((*table)->row_number(), (*table)->cells());
    }
    return found;
}

std::vector<std::string> texts_of(std::span<const Cell> cells) {
    std::vector<std::string> texts;
    for (const Cell& cell : cells) texts.push_back(mappings::text_of(cell));
    return texts;
}

/// For a draft: it shows texts, whatever the cells are.
Page page_of(const FileRows& found) {
    Page page;
    page.columns = found.columns;
    RawRowReader rows(found.rows.bytes());
    while (rows.next()) page.add(fmt::format("row {}", rows.row_number()), 0, texts_of(rows.cells()));
    return page;
}

Result<Sample> sample_remote(Invocation& invocation, StreamPlan& plan, int rows, bool all_fields) {
    AskingMemory memory(invocation.portfolio->configuration(), {plan.source});
    if (const std::string reason = memory.why_not(*plan.source); !reason.empty())
        return Error{ErrorCode::unavailable, reason};
    const auto store = make_passing_store();
    RecordKeeper keeper(*store, invocation.portfolio->set());
    boost::asio::io_context io;
    StoreThread thread;
    Poller poller(
        io, *invocation.portfolio, *store, keeper, thread, [&] { return invocation.now; }, PollerMode::once,
        std::make_shared<Exchanges>(io, memory.store(), thread));
    // A draft shows what is there now, whatever the mapping of before lost.
    std::string cursor = all_fields ? "" : memory.cursor_of(plan.source->name, plan.stream->name);
    Result<Sample> sample = Error{ErrorCode::internal, "nothing came"};
    std::exception_ptr thrown;
    boost::asio::co_spawn(io, poller.sample(plan, std::move(cursor), rows, all_fields),
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
    StreamPreview(StreamPlan& plan, const mappings::Schemas& schemas, bool is_json)
        : plan_(plan), schemas_(schemas), is_json_(is_json) {}

    void run(const FileRows& found) {
        for (auto& mapping : plan_.mappings) mapping.bind(found.columns);
        RawRowReader rows(found.rows.bytes());
        while (rows.next()) {
            begin_row(fmt::format("row {}", rows.row_number()), texts_of(rows.cells()), found.columns);
            if (rows.cells().size() > found.columns.size())
                note("(row)", surplus_of(row_name(rows.row_number(), found.file), rows.cells().size(),
                                         found.columns.size()));
            for (auto& mapping : plan_.mappings) {
                for (const auto& field : mapping.unbound())
                    if (field.field != "id") note(field.field, lack_of(field));
                show_record(mapping.map(rows.cells(), misfits_), mapping.record());
            }
            end_row();
        }
    }

    void run(const Page& page) {
        const std::vector<std::string> json{"json"};
        for (auto& mapping : plan_.mappings)
            if (page.is_json)
                mapping.bind(page.fields);
            else
                mapping.bind(page.columns);
        for (const auto& row : page.rows) {
            begin_row(row.id, {row.cells.begin(), row.cells.end()}, page.is_json ? json : page.columns);
            for (auto& mapping : plan_.mappings)
                if (page.is_json)
                    map_json(mapping, row.cells[0]);
                else
                    map_texts(mapping, row.cells);
            end_row();
        }
    }

  private:
    void begin_row(std::string_view id, const std::vector<std::string>& texts,
                   std::span<const std::string> columns) {
        misfits_.clear();
        json_.emplace();
        json_->object();
        json_->key("id").text(id);
        json_->key("row").object();
        if (!is_json_) fmt::print("{}\n", visible(id));
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const std::string_view name = i < columns.size() ? std::string_view(columns[i]) : "(no name)";
            json_->key(name).text(texts[i]);
            if (!is_json_ && !texts[i].empty()) fmt::print("  {}: {}\n", visible(name), visible(texts[i]));
        }
        json_->end_object();
        json_->key("records").array();
    }

    void end_row() {
        json_->end_array();
        json_->key("misfits").array();
        for (const auto& misfit : misfits_) {
            json_->object();
            json_->key("field").text(misfit.field);
            json_->key("value").text(misfit.example);
            json_->end_object();
            if (!is_json_)
                fmt::print("  did not fit: {} = \"{}\"\n", visible(misfit.field), visible(misfit.example));
        }
        json_->end_array();
        json_->end_object();
        if (is_json_) fmt::print("{}\n", json_->str());
    }

    void note(std::string_view field, std::string value) { misfits_.push_back({field, std::move(value)}); }

    void map_texts(mappings::CompiledMapping& mapping, std::span<const std::string_view> texts) {
        std::vector<Cell> cells;
        for (const std::string_view text : texts)
            cells.push_back(text.empty() ? Cell{} : mappings::text_cell(text));
        show_record(mapping.map(cells, misfits_), mapping.record());
    }

    void map_json(mappings::CompiledMapping& mapping, std::string_view text) {
        rapidjson::Document document;
        document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
        mapping.map(document, misfits_,
                    [&](mappings::Outcome outcome) { show_record(outcome, mapping.record()); });
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
            if (!is_json_) fmt::print("     {}: {}\n", schema.field(slot).name, visible(text));
        }
        json_->end_object();
    }

    StreamPlan& plan_;
    const mappings::Schemas& schemas_;
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
    const std::string name = request.file + "/" + request.stream;
    StreamPreview preview(*plan, invocation.portfolio->schemas(), invocation.json);
    const auto fail = [&](const Error& error) {
        fmt::print(stderr, "{}: {}\n", name, mappings::one_line(error.text));
        return exit_source_failed;
    };
    if (plan->source->type == config::Source::Type::files) {
        const auto found = rows_of_file(*plan, rows);
        if (!found) return fail(found.error());
        if (request.is_draft)
            fmt::print("{}", draft_of(page_of(*found), *plan->source, *plan->stream));
        else
            preview.run(*found);
        return exit_done;
    }
    const auto sample = sample_remote(invocation, *plan, rows, request.is_draft);
    if (!sample) return fail(sample.error());
    bool is_whole = true;
    for (const connectors::Note& note : sample->notes) {
        const bool is_remark = note.about == connectors::Note::About::remark;
        fmt::print(stderr, "{}{}: {}\n", is_remark ? "warning: " : "", name, note.text);
        is_whole = is_whole && is_remark;
    }
    if (request.is_draft)
        fmt::print("{}", draft_of(sample->page, *plan->source, *plan->stream));
    else
        preview.run(sample->page);
    return is_whole ? exit_done : exit_source_failed;
}

}  // namespace baselined::daemon
