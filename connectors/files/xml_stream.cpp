#include "connectors/files/xml_stream.hpp"

#include <fmt/format.h>

namespace baselined::connectors {

namespace {

constexpr int chunk_bytes = 64 * 1024;
constexpr int deepest = 256;
/// Expat keeps an unfinished tag whole, and starts it anew with every chunk.
constexpr std::int64_t longest_tag = 4 << 20;

std::pair<std::string_view, std::string_view> parts_of(std::string_view name) {
    const std::size_t colon = name.find(':');
    if (colon == std::string_view::npos) return {{}, name};
    return {name.substr(0, colon), name.substr(colon + 1)};
}

}  // namespace

XmlStream::XmlStream(const ZipPackage& package, std::unique_ptr<ZipPart> part,
                     std::span<const XmlNamespace> namespaces, XmlHandler& handler)
    : package_(package),
      part_(std::move(part)),
      namespaces_(namespaces),
      handler_(handler),
      parser_(XML_ParserCreate(nullptr)) {
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, on_start, on_end);
    XML_SetCharacterDataHandler(parser_, on_text);
    XML_SetStartDoctypeDeclHandler(parser_, on_doctype);
}

XmlStream::~XmlStream() {
    XML_ParserFree(parser_);
}

Result<void> XmlStream::run() {
    for (;;) {
        const auto more = step();
        if (!more) return more.error();
        if (!*more) return {};
    }
}

Result<bool> XmlStream::step() {
    if (done_) return false;
    void* chunk = XML_GetBuffer(parser_, chunk_bytes);
    if (chunk == nullptr) return error(ErrorCode::limit, "needs too much memory");
    const auto got = part_->read(static_cast<char*>(chunk), chunk_bytes);
    if (!got) return got.error();
    fed_bytes_ += static_cast<std::int64_t>(*got);
    const auto status = XML_ParseBuffer(parser_, static_cast<int>(*got), *got == 0 ? 1 : 0);
    if (!reason_.empty()) return error(ErrorCode::bad_input, reason_);
    if (done_) return true;  // what came before stop() still counts
    if (status != XML_STATUS_OK)
        return error(ErrorCode::bad_input, fmt::format("is no XML ({}): save the file anew",
                                                       XML_ErrorString(XML_GetErrorCode(parser_))));
    if (fed_bytes_ - XML_GetCurrentByteIndex(parser_) > longest_tag)
        return error(ErrorCode::limit, "has a tag of more than 4 MiB: it is refused");
    done_ = *got == 0;
    return !done_;
}

Error XmlStream::error(ErrorCode code, std::string_view reason) const {
    return package_.error(code, fmt::format("its part {}, line {}: {}", part_->name(),
                                            XML_GetCurrentLineNumber(parser_), reason));
}

void XmlStream::refuse(std::string reason) {
    if (reason_.empty()) reason_ = std::move(reason);
    XML_StopParser(parser_, XML_FALSE);
}

void XmlStream::on_doctype(void* self, const char*, const char*, const char*, int) {
    static_cast<XmlStream*>(self)->refuse("has a DOCTYPE, which no spreadsheet has: it is refused");
}

void XmlStream::learn_prefixes(const char** attributes) {
    for (; *attributes != nullptr; attributes += 2) {
        const std::string_view name = attributes[0];
        if (name != "xmlns" && !name.starts_with("xmlns:")) continue;
        const std::string_view written = name.size() > 6 ? name.substr(6) : std::string_view{};
        for (const XmlNamespace& known : namespaces_)
            if (known.address == attributes[1]) {
                prefixes_.push_back({std::string(written), std::string(known.prefix)});
                as_written_ = as_written_ && written == known.prefix;
            }
    }
}

std::string_view XmlStream::renamed(std::string_view name, std::string& buffer) const {
    const auto [prefix, local] = parts_of(name);
    for (const Prefix& known : prefixes_)
        if (known.written == prefix) {
            buffer = known.ours.empty() ? std::string(local) : fmt::format("{}:{}", known.ours, local);
            return buffer;
        }
    buffer = fmt::format("?:{}", local);  // somebody else's: never taken for ours
    return buffer;
}

const char* const* XmlStream::renamed(const char** attributes) {
    attributes_.clear();
    std::size_t count = 0;
    for (const char** at = attributes; *at != nullptr; at += 2) ++count;
    attribute_names_.resize(std::max(attribute_names_.size(), count));
    for (std::size_t index = 0; index < count; ++index) {
        const std::string_view name = attributes[2 * index];
        // An attribute without a prefix is in no namespace, whatever the elements' default is.
        if (name.find(':') == std::string_view::npos)
            attribute_names_[index] = name;
        else
            renamed(name, attribute_names_[index]);
        attributes_.push_back(attribute_names_[index].c_str());
        attributes_.push_back(attributes[2 * index + 1]);
    }
    attributes_.push_back(nullptr);
    return attributes_.data();
}

void XmlStream::on_start(void* user, const char* name, const char** attributes) {
    auto& self = *static_cast<XmlStream*>(user);
    if (self.done_ || !self.reason_.empty()) return;
    if (++self.depth_ > deepest) return self.refuse("is nested deeper than 256 levels: it is refused");
    if (self.depth_ == 1) self.learn_prefixes(attributes);
    auto refused = self.as_written_ ? self.handler_.start(name, XmlAttributes(attributes))
                                    : self.handler_.start(self.renamed(name, self.name_),
                                                          XmlAttributes(self.renamed(attributes)));
    if (refused) self.refuse(std::move(*refused));
}

void XmlStream::on_end(void* user, const char* name) {
    auto& self = *static_cast<XmlStream*>(user);
    --self.depth_;
    if (self.done_ || !self.reason_.empty()) return;
    auto refused =
        self.handler_.end(self.as_written_ ? std::string_view(name) : self.renamed(name, self.name_));
    if (refused) self.refuse(std::move(*refused));
}

void XmlStream::on_text(void* user, const char* text, int length) {
    auto& self = *static_cast<XmlStream*>(user);
    if (!self.done_) self.handler_.text({text, static_cast<std::size_t>(length)});
}

}  // namespace baselined::connectors
