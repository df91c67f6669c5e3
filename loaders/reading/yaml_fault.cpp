#include "reading/yaml_fault.hpp"

#include <yaml-cpp/exceptions.h>

namespace cachesite::reading {
namespace {

struct Row {
  std::string_view reported;
  std::string_view message;
  std::string_view hint;
};

namespace said = YAML::ErrorMsg;

const Row rows[] = {
    {said::TAB_IN_INDENTATION, "a tab in the indentation", "indent with spaces"},
    {said::END_OF_MAP, "this line does not fit the mapping that it is in", "check the indentation"},
    {said::END_OF_SEQ, "this line does not fit the list that it is in", "check the indentation"},
    {said::FLOW_END, "a closing bracket that nothing opened", ""},
    {said::BLOCK_ENTRY, "a list element cannot start here", "check the indentation"},
    {said::MAP_KEY, "a key cannot start here", "check the indentation"},
    {said::MAP_VALUE, "a colon cannot stand here", "put quotes around text that holds a colon and a space"},
    {said::UNKNOWN_TOKEN, "a value cannot start with this character", "put quotes around the text"},
    {said::INVALID_HEX, "a wrong escape between double quotes", R"(write a backslash as \\)"},
    {said::INVALID_UNICODE, "an escape that is not a Unicode character", R"(write a backslash as \\)"},
    {said::INVALID_ESCAPE, "an unknown escape between double quotes", R"(write a backslash as \\)"},
    {said::DOC_IN_SCALAR, "a document mark inside a text", "indent the line"},
    {said::EOF_IN_SCALAR, "the quotation mark is never closed", ""},
    {said::CHAR_IN_SCALAR, "a character that cannot stand in unquoted text", "put quotes around the text"},
    {said::MULTIPLE_TAGS, "two tags for one value", ""},
    {said::MULTIPLE_ANCHORS, "two anchors for one value", ""},
    {said::MULTIPLE_ALIASES, "two aliases for one value", ""},
    {said::ALIAS_CONTENT, "an alias cannot have a tag or an anchor", ""},
    {said::ALIAS_NOT_FOUND, "the name of the alias is missing", "put quotes around text that starts with *"},
    {said::ANCHOR_NOT_FOUND, "the name of the anchor is missing",
     "put quotes around text that starts with &"},
    {said::CHAR_IN_ALIAS, "a character that cannot stand in the name of an alias",
     "put quotes around text that starts with *"},
    {said::CHAR_IN_ANCHOR, "a character that cannot stand in the name of an anchor",
     "put quotes around text that starts with &"},
    {said::ZERO_INDENT_IN_BLOCK, "a block of text cannot be indented by zero", ""},
    {said::CHAR_IN_BLOCK, "a character that cannot stand after | or >", "put quotes around the text"},
    {said::CHAR_IN_TAG_HANDLE, "a character that cannot stand in a tag",
     "put quotes around text that starts with !"},
    {said::TAG_WITH_NO_SUFFIX, "a tag without a name", "put quotes around text that starts with !"},
    {said::YAML_DIRECTIVE_ARGS, "a directive that is not complete", "leave the line out"},
    {said::YAML_VERSION, "a version of YAML that does not exist", "leave the line out"},
    {said::YAML_MAJOR_VERSION, "a version of YAML that is too new", "leave the line out"},
    {said::REPEATED_YAML_DIRECTIVE, "a second directive of the same kind", "leave the line out"},
    {said::TAG_DIRECTIVE_ARGS, "a directive that is not complete", "leave the line out"},
    {said::REPEATED_TAG_DIRECTIVE, "a second directive of the same kind", "leave the line out"},
    {said::END_OF_VERBATIM_TAG, "a tag that is not closed", "put quotes around text that starts with !"},
};

}  // namespace

YamlFault explain_yaml_fault(std::string_view reported) {
  YamlFault fault;
  if (reported.starts_with(said::UNKNOWN_ANCHOR))  // yaml-cpp 0.8 adds the anchor's name
    return {document_problem_ids::bad_alias, "no value before this one has an anchor of this name",
            "put quotes around text that starts with *"};
  for (const Row& row : rows) {
    // Some are followed by the character at fault.
    if (!reported.starts_with(row.reported)) continue;
    fault.message = row.message;
    fault.hint = row.hint;
    return fault;
  }
  return fault;
}

}  // namespace cachesite::reading
