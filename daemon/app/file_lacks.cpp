#include "daemon/app/file_lacks.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <map>
#include <set>

#include "daemon/app/column_fit.hpp"
#include "daemon/app/column_lacks.hpp"
#include "daemon/sha256.hpp"
#include "daemon/store/packed_key.hpp"
#include "daemon/store/raw_rows.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::daemon {

namespace {

/// As many rows as are judged of a file that is read.
constexpr int blocks_looked_at = 2;
/// A folder of years may lack the same in each file.
constexpr std::size_t most_told = 10;

/// By the name that it has in stores.
std::string fact_of(const StreamPlan& plan) {
    return "file_lacks:" + plan.source->name + "/" + plan.stream->name;
}

/// What decides what is looked for.
std::string key_of(const StreamPlan& plan) {
    const std::set<std::string> needed(plan.needed.begin(), plan.needed.end());
    return sha256(fmt::format("{}\n{}\n{}", plan.digest, plan.feeds_measures, fmt::join(needed, "\n")));
}

std::string text_of(const std::string& key, const FileLacks& lacks) {
    rapidjson::StringBuffer buffer;
    mappings::JsonWriter writer(buffer);
    const auto string = [&](const std::string& text) {
        writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    };
    writer.StartArray();
    string(key);
    for (const FileLack& lack : lacks) {
        writer.StartArray();
        writer.Int(static_cast<int>(lack.of));
        for (const std::string* text : {&lack.file, &lack.field, &lack.text}) string(*text);
        writer.EndArray();
    }
    writer.EndArray();
    return {buffer.GetString(), buffer.GetSize()};
}

/// Nothing: nobody looked yet, or for something else.
std::optional<FileLacks> kept(const StreamPlan& plan, const std::string& key, Store& store) {
    const auto text = store.fact(fact_of(plan));
    if (!text) return std::nullopt;
    rapidjson::Document document;
    document.Parse(text->data(), text->size());
    if (!document.IsArray() || document.Empty() || document[0] != key.c_str()) return std::nullopt;
    FileLacks lacks;
    for (rapidjson::SizeType at = 1; at < document.Size(); ++at) {
        const auto& lack = document[at];
        lacks.push_back({static_cast<FileLack::Of>(lack[0].GetInt()), lack[1].GetString(),
                         lack[2].GetString(), lack[3].GetString()});
    }
    return lacks;
}

/// Looks at the stored rows of one file. Those whose record another row has made since say nothing.
class StoredFileLook {
  public:
    StoredFileLook(StreamPlan& plan, const StoredFile& file, const std::string& shape, SourceId source,
                   Store& store)
        : plan_(plan), file_(file), columns_(decode_names(shape)), source_(source), store_(store) {}

    FileLacks run() {
        const auto missing = column_lacks(plan_, columns_);
        auto misfits = misfits_of(Rows::all);
        // Whether it stands is asked of the store row by row: only where something was found.
        if (missing.empty() && misfits.empty()) return {};
        misfits = misfits_of(Rows::standing);
        FileLacks lacks;
        if (!is_overruled_)
            for (const ColumnLack& lack : missing)
                lacks.push_back({FileLack::Of::columns, file_.name, lack.field, lack.text});
        for (const ColumnLack& misfit : misfits)
            lacks.push_back({FileLack::Of::values, file_.name, misfit.field, misfit.text});
        return lacks;
    }

  private:
    enum class Rows { all, standing };

    std::vector<ColumnLack> misfits_of(Rows which) {
        ColumnFit fit(plan_);
        const auto blocks = store_.kept_blocks(file_.id, blocks_looked_at);
        is_overruled_ = !blocks.empty();
        for (const RawBlock& block : blocks) {
            RawRowReader rows(block.data);
            for (std::int64_t index = 0; rows.next(); ++index) {
                if (which == Rows::standing && !stands(rows.cells(), block.id, index)) continue;
                is_overruled_ = false;
                fit.look_at(rows.cells());
            }
        }
        return fit.misfits(1);
    }

    /// A row without an id has made nothing, and nothing has overruled it.
    bool stands(std::span<const mappings::Cell> cells, BlockId block, std::int64_t index) {
        bool made_none = true;
        for (auto& mapping : plan_.mappings) {
            unused_.clear();
            const auto outcome = mapping.map(cells, unused_);
            if (outcome == mappings::Outcome::rejected) continue;
            made_none = false;
            if (outcome == mappings::Outcome::record && made(mapping.record(), block, index)) return true;
        }
        return made_none;
    }

    bool made(const Record& record, BlockId block, std::int64_t index) {
        const auto head = store_.find(record_key_of(source_, record.kind(), record.id()));
        const auto place = head ? store_.place_of(head->id) : std::nullopt;
        return place && place->block == block && place->index == index;
    }

    StreamPlan& plan_;
    const StoredFile& file_;
    std::vector<std::string> columns_;
    SourceId source_;
    Store& store_;
    bool is_overruled_ = false;  ///< none of the rows that are kept stands
    std::vector<mappings::ValueMisfit> unused_;
};

FileLacks look(StreamPlan& plan, Store& store, const std::function<bool(const std::string&)>& is_asked) {
    const StoredStream stream = store.stream(plan.source->name, plan.stream->name);
    std::map<std::string, StoredFile> files;
    for (const StoredFile& file : store.files(stream.id)) files.emplace(file.name, file);
    FileLacks lacks;
    for (const FileShape& shape : store.shapes_of_files(stream.id)) {
        const auto file = files.find(shape.name);
        if (file == files.end() || !is_asked(shape.name)) continue;
        auto found = StoredFileLook(plan, file->second, shape.shape, stream.source, store).run();
        std::move(found.begin(), found.end(), std::back_inserter(lacks));
    }
    return lacks;
}

}  // namespace

FileLacks file_lacks(StreamPlan& plan, Store& store) {
    if (plan.source->type != config::Source::Type::files) return {};
    if (auto lacks = kept(plan, key_of(plan), store)) return *lacks;
    return look(plan, store, [](const std::string&) { return true; });
}

FileLacks keep_file_lacks(StreamPlan& plan, Store& store, FilesRead read) {
    if (plan.source->type != config::Source::Type::files) return {};
    const std::string key = key_of(plan);
    const auto before = kept(plan, key, store);
    if (before && (before->empty() || read == FilesRead::none)) return *before;
    auto lacks = look(plan, store, [&](const std::string& file) {
        return !before || std::any_of(before->begin(), before->end(),
                                      [&](const FileLack& lack) { return lack.file == file; });
    });
    store.set_fact(fact_of(plan), text_of(key, lacks));
    return lacks;
}

std::vector<std::string> sentences_of(const FileLacks& lacks) {
    std::map<std::pair<std::string, FileLack::Of>, std::string> texts;
    for (const FileLack& lack : lacks) {
        std::string& text = texts[{lack.file, lack.of}];
        text += (text.empty() ? "" : ", ") + lack.text;
    }
    std::vector<std::string> sentences;
    for (const auto& [place, text] : texts) {
        if (sentences.size() == most_told) {
            const std::size_t more = texts.size() - most_told;
            sentences.push_back(
                fmt::format("and {} more file{} what figures need", more, more == 1 ? " lacks" : "s lack"));
            break;
        }
        sentences.push_back(
            place.second == FileLack::Of::columns
                ? fmt::format("{} has {}: figures need it; name it in the mapping as this file does",
                              place.first, text)
                : fmt::format("{}: {}: figures need them; mend the mapping, or export the file again in the "
                              "form that the mapping takes",
                              place.first, text));
    }
    return sentences;
}

std::string lacks_of(const MeasurePlan& measure, const FileLacks& lacks, FileLack::Of of) {
    struct Field {
        std::string first;
        int count = 0;
    };
    std::map<std::string, Field> fields;
    for (const FileLack& lack : lacks) {
        if (lack.of != of ||
            std::find(measure.needed.begin(), measure.needed.end(), lack.field) == measure.needed.end())
            continue;
        Field& field = fields[lack.field];
        if (++field.count == 1)
            field.first =
                fmt::format("{}{}{}", lack.file, of == FileLack::Of::columns ? " has " : ": ", lack.text);
    }
    std::string text;
    for (const auto& [name, field] : fields) {
        text += (text.empty() ? "" : ", ") + field.first;
        if (field.count > 1) text += fmt::format(" (and {} more)", field.count - 1);
    }
    return text;
}

}  // namespace baselined::daemon
