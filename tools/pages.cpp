#include "pages.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

namespace cachesite::tool {

namespace {

/// The options that begin with a dash.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) {
    return !option->get_lnames().empty() || !option->get_snames().empty();
  });
}

bool is_help(const CLI::Option& option) {
  return option.get_name() == "--help";
}

std::vector<const CLI::Option*> places_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::vector<std::string> words_of(const CLI::Option& option) {
  std::vector<std::string> words;
  for (const auto& name : option.get_snames())
    words.push_back("-" + name);
  for (const auto& name : option.get_lnames())
    words.push_back("--" + name);
  return words;
}

/// Those of the command and of the program, which a command takes too.
std::vector<const CLI::Option*> options_of(const CLI::App& app, const CLI::App& command) {
  auto options = options_of(command);
  for (const auto* const option : options_of(app))
    if (!is_help(*option)) options.push_back(option);
  return options;
}

std::vector<std::string> words_of(const std::vector<const CLI::Option*>& options) {
  std::vector<std::string> words;
  for (const auto* const option : options)
    for (auto& word : words_of(*option))
      words.push_back(std::move(word));
  return words;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const auto& word : words)
    text.append(text.empty() ? "" : between).append(word);
  return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// `[PATTERN]`, `TAG...`
std::string shown_place(const CLI::Option& place) {
  auto text = place.get_name(true);
  if (place.get_expected_max() > 1) text += "...";
  return place.get_required() ? text : "[" + text + "]";
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// What the program is asked for to complete the first argument of a command: `class`, `name` or nothing.
std::string words_for(const CLI::App& command) {
  const auto places = places_of(command);
  if (places.empty()) return {};
  const auto name = places.front()->get_name(true);
  return name == "NAME" ? "name" : name == "CLASS" ? "class" : "";
}

/// A name that a function of a shell may have.
std::string function_name(const CLI::App& app) {
  auto name = "_" + app.get_name();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char character) { return std::isalnum(character) == 0; }, '_');
  return name;
}

/// Within single quotes, as zsh has a text of an option or a command.
std::string zsh_text(const std::string& text) {
  auto escaped = replaced(text, "'", "'\\''");
  for (const auto* const special : {"[", "]", ":"})
    escaped = replaced(escaped, special, "\\" + std::string(special));
  return escaped;
}

std::string zsh_options(const std::vector<const CLI::Option*>& options) {
  std::string text;
  for (const auto* const option : options) {
    const auto words = words_of(*option);
    const bool file = option->get_type_name() == "FILE";
    for (const auto& word : words)
      text += std::string(" \\\n      '") + (file ? "*" : "(" + joined(words, " ") + ")") + word + "[" +
              zsh_text(option->get_description()) + "]" +
              (takes_value(*option) ? ":" + option->get_type_name() + ":" + (file ? "_files" : "") : "") +
              "'";
  }
  return text;
}

/// Within single quotes, as fish has a text.
std::string fish_text(const std::string& text) {
  return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

/// Of the program, or, with a condition, of one command.
std::string fish_options(const std::string& begin, const std::vector<const CLI::Option*>& options) {
  std::string text;
  for (const auto* const option : options) {
    text += begin;
    for (const auto& name : option->get_snames())
      text += " -s " + name;
    for (const auto& name : option->get_lnames())
      text += " -l " + name;
    if (takes_value(*option)) text += option->get_type_name() == "FILE" ? " -r -F" : " -x";
    text += " -d " + fish_text(option->get_description()) + "\n";
  }
  return text;
}

/// The function that asks the program for words, with the files of the line.
constexpr auto fish_words = "__cachesite_words";
constexpr auto fish_words_text =
    "function __cachesite_words\n"
    "    set -l words (commandline -opc)\n"
    "    set -l files\n"
    "    for index in (seq 2 (count $words))\n"
    "        if contains -- $words[$index] -c --config; and set -q words[(math $index + 1)]\n"
    "            set -a files -c $words[(math $index + 1)]\n"
    "        end\n"
    "    end\n"
    "    command $words[1] $files words $argv[1] 2> /dev/null\n"
    "end\n";

std::string fish_command(const std::string& complete, const CLI::App& command) {
  const auto begin = complete + " -n '__fish_seen_subcommand_from " + command.get_name() + "'";
  auto options = options_of(command);
  std::erase_if(options, [](const CLI::Option* option) { return is_help(*option); });
  const auto wanted = words_for(command);
  return fish_options(begin, options) +
         (wanted.empty() ? "" : begin + " -a '(" + fish_words + " " + wanted + ")'\n") +
         (command.get_name() == "completion" ? begin + " -a '" + joined(shells(), " ") + "'\n" : "");
}

/// As roff has it: no line begins a request, and no dash becomes a hyphen.
std::string roff(std::string text) {
  text = replaced(replaced(std::move(text), "\\", "\\e"), "-", "\\-");
  text = replaced(std::move(text), "\n", "\n.br\n");
  return text.starts_with('.') || text.starts_with('\'') ? "\\&" + text : text;
}

std::string in_bold(const std::string& text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string roff_options(const CLI::App& app) {
  std::string text;
  for (const auto* const option : options_of(app)) {
    std::vector<std::string> words;
    for (const auto& word : words_of(*option))
      words.push_back(in_bold(word));
    text += ".TP\n" + joined(words, ", ") +
            (takes_value(*option) ? " \\fI" + roff(option->get_type_name()) + "\\fR" : "") + "\n" +
            roff(option->get_description()) + "\n";
  }
  return text;
}

std::string roff_command(const CLI::App& command) {
  auto usage = in_bold(command.get_name());
  for (const auto* const place : places_of(command))
    usage += " \\fI" + roff(shown_place(*place)) + "\\fR";
  auto text = ".TP\n" + usage + "\n" + roff(command.get_description()) + ".\n";
  const auto options = options_of(command);
  for (const auto* const option : options) {
    if (is_help(*option)) continue;
    text += ".RS\n.TP\n" + in_bold(joined(words_of(*option), ", ")) +
            (takes_value(*option) ? " \\fI" + roff(option->get_type_name()) + "\\fR" : "") + "\n" +
            roff(option->get_description()) + "\n.RE\n";
  }
  return text;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* const command : shown_commands(app))
    names.push_back(command->get_name());
  return names;
}

std::string bash_completion(const CLI::App& app) {
  const auto names = command_names(app);
  const auto function = function_name(app);
  auto text = "# Completion for bash; made by '" + app.get_name() + " completion bash'.\n" + function +
              "() {\n"
              "  local word=${COMP_WORDS[COMP_CWORD]} words command='' wanted='' index\n"
              "  local -a files=()\n"
              "  COMPREPLY=()\n"
              "  case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
              "    -c | --config)\n"
              "      compopt -o filenames 2> /dev/null\n"
              "      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
              "      return\n"
              "      ;;\n"
              "  esac\n"
              "  for ((index = 1; index < COMP_CWORD; ++index)); do\n"
              "    case ${COMP_WORDS[index]} in\n"
              "      -c | --config)\n"
              "        ((++index))\n"
              "        files+=(-c \"${COMP_WORDS[index]}\")\n"
              "        ;;\n"
              "      " +
              joined(names, " | ") +
              ")\n"
              "        [ -n \"$command\" ] || command=${COMP_WORDS[index]}\n"
              "        ;;\n"
              "    esac\n"
              "  done\n"
              "  case $command in\n"
              "    '') words='" +
              joined(names, " ") + " " + joined(words_of(options_of(app)), " ") + "' ;;\n";
  for (const auto* const command : shown_commands(app)) {
    const auto wanted = words_for(*command);
    text += "    " + command->get_name() + ") words='" + joined(words_of(options_of(app, *command)), " ") +
            (command->get_name() == "completion" ? " " + joined(shells(), " ") : "") + "'" +
            (wanted.empty() ? "" : " wanted=" + wanted) + " ;;\n";
  }
  return text +
         "  esac\n"
         "  [ -z \"$wanted\" ] || words+=\" $(eval \"${COMP_WORDS[0]}\" '\"${files[@]}\"' words \"$wanted\" "
         "2> "
         "/dev/null)\"\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "}\n"
         "complete -F " +
         function + " " + app.get_name() + "\n";
}

std::string zsh_arguments(const CLI::App& command) {
  const auto wanted = words_for(command);
  return (wanted.empty()
              ? ""
              : " \\\n      '1:" + wanted + ":{compadd -- ${(f)\"$($~called_program $component_files words " +
                    wanted + " 2> /dev/null)\"}}'") +
         " \\\n      '*:argument:()'";
}

std::string zsh_completion(const CLI::App& app) {
  const auto function = function_name(app);
  auto text = "#compdef " + app.get_name() + "\n# Completion for zsh; made by '" + app.get_name() +
              " completion zsh'.\n" + function +
              "() {\n"
              "  local state called_program=$words[1]\n"
              "  local -a commands component_files\n"
              "  local -i index\n"
              "  for ((index = 1; index < CURRENT; ++index)); do\n"
              "    [[ $words[index] == (-c|--config) ]] && component_files+=(-c $words[index+1])\n"
              "  done\n"
              "  commands=(\n";
  for (const auto* const command : shown_commands(app))
    text += "    '" + command->get_name() + ":" + zsh_text(command->get_description()) + "'\n";
  text += "  )\n  _arguments -C" + zsh_options(options_of(app)) +
          " \\\n      '1:command:->command' \\\n      '*::argument:->arguments'\n"
          "  case $state in\n"
          "    command) _describe command commands ;;\n"
          "    arguments)\n"
          "      case $words[1] in\n";
  for (const auto* const command : shown_commands(app))
    text += "        " + command->get_name() + ") _arguments" + zsh_options(options_of(app, *command)) +
            (command->get_name() == "completion" ? " \\\n      '1:shell:(" + joined(shells(), " ") + ")'"
                                                 : zsh_arguments(*command)) +
            " ;;\n";
  return text + "      esac ;;\n  esac\n}\n" + function + " \"$@\"\n";
}

std::string fish_completion(const CLI::App& app) {
  const auto complete = "complete -c " + app.get_name();
  const auto first =
      complete + " -n 'not __fish_seen_subcommand_from " + joined(command_names(app), " ") + "'";
  auto text = "# Completion for fish; made by '" + app.get_name() + " completion fish'.\n" + fish_words_text +
              complete + " -f\n" + fish_options(complete, options_of(app));
  for (const auto* const command : shown_commands(app))
    text += first + " -a " + command->get_name() + " -d " + fish_text(command->get_description()) + "\n" +
            fish_command(complete, *command);
  return text;
}

}  // namespace

std::vector<const CLI::App*> shown_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

const std::vector<std::string>& shells() {
  static const std::vector<std::string> names{"bash", "zsh", "fish"};
  return names;
}

std::string completion(const CLI::App& app, const std::string& shell) {
  if (shell == "fish") return fish_completion(app);
  return shell == "zsh" ? zsh_completion(app) : bash_completion(app);
}

std::string man_page(const CLI::App& app) {
  auto title = app.get_name();
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char character) { return static_cast<char>(std::toupper(character)); });
  std::string text = ".TH " + roff(title) + " 1\n.SH NAME\n" + roff(app.get_name()) +
                     " \\- inspects component files and the caches that they declare\n"
                     ".SH SYNOPSIS\n.B " +
                     roff(app.get_name()) +
                     "\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n"
                     ".SH DESCRIPTION\n" +
                     roff(app.get_description()) +
                     "\nData goes to the standard output, everything else to the standard error.\n"
                     ".SH OPTIONS\n" +
                     roff_options(app) + ".SH COMMANDS\n";
  for (const auto* const command : shown_commands(app))
    text += roff_command(*command);
  return text + ".SH NOTES\n" + roff(app.get_footer()) +
         "\n.SH ENVIRONMENT\n.TP\n.B NO_COLOR\n"
         "When it is set and not empty, nothing is coloured. Nor is it where the output is no terminal.\n";
}

}  // namespace cachesite::tool
