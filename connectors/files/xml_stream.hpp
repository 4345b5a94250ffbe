// XML from a part of a zip, chunk by chunk, as calls of a handler. Namespaces are told by their addresses and
// handed on with the prefixes that this program uses, whatever the file calls them.
#pragma once

#include <expat.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/files/zip_package.hpp"

namespace baselined::connectors {

/// The namespaces of one file format: its address, and the prefix handed on ("" for none).
struct XmlNamespace {
    std::string_view address;
    std::string_view prefix;
};

/// Name and value by turns, ended by a null pointer; names carry the prefixes of the format.
class XmlAttributes {
  public:
    explicit XmlAttributes(const char* const* list) : list_(list) {}
    /// The value of the attribute; a view without data where it is absent.
    [[nodiscard]] std::string_view get(std::string_view name) const {
        for (const char* const* at = list_; *at != nullptr; at += 2)
            if (name == *at) return at[1];
        return {};
    }
    [[nodiscard]] bool has(std::string_view name) const { return get(name).data() != nullptr; }
    [[nodiscard]] const char* const* list() const { return list_; }

  private:
    const char* const* list_;
};

/// Why a file has to be refused, or nothing.
using Refusal = std::optional<std::string>;

class XmlHandler {
  public:
    virtual ~XmlHandler() = default;
    virtual Refusal start(std::string_view name, const XmlAttributes& attributes) = 0;
    virtual Refusal end(std::string_view name) = 0;
    virtual void text(std::string_view /*text*/) {}
};

/// Refuses a DOCTYPE (and with it every entity), deep nesting and tags of megabytes.
class XmlStream {
  public:
    /// `namespaces` and `handler` outlive the stream.
    XmlStream(const ZipPackage& package, std::unique_ptr<ZipPart> part,
              std::span<const XmlNamespace> namespaces, XmlHandler& handler);
    ~XmlStream();
    XmlStream(const XmlStream&) = delete;
    XmlStream& operator=(const XmlStream&) = delete;

    /// Parses the next chunk; false when that was the last.
    Result<bool> step();
    /// Parses to the end.
    Result<void> run();
    /// No more is wanted: the next step() says false.
    void stop() { done_ = true; }

  private:
    struct Prefix {
        std::string written, ours;
    };
    static void on_start(void* self, const char* name, const char** attributes);
    static void on_end(void* self, const char* name);
    static void on_text(void* self, const char* text, int length);
    static void on_doctype(void* self, const char*, const char*, const char*, int);
    void learn_prefixes(const char** attributes);
    std::string_view renamed(std::string_view name, std::string& buffer) const;
    const char* const* renamed(const char** attributes);
    void refuse(std::string reason);
    [[nodiscard]] Error error(ErrorCode code, std::string_view reason) const;

    const ZipPackage& package_;
    std::unique_ptr<ZipPart> part_;
    std::span<const XmlNamespace> namespaces_;
    XmlHandler& handler_;
    XML_Parser parser_;
    std::vector<Prefix> prefixes_;
    bool as_written_ = true;  ///< every prefix is the one we use: names need no rewriting
    int depth_ = 0;
    bool done_ = false;
    std::int64_t fed_bytes_ = 0;
    std::string reason_;
    std::string name_;
    std::vector<std::string> attribute_names_;
    std::vector<const char*> attributes_;
};

}  // namespace baselined::connectors
