//! The command line as a whole, and the example configuration against it.

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::*;

/// The commands that are set up once and run for long; the others are typed with their options.
const CONFIGURED: [&str; 4] = ["console", "serve", "demo", "simulate"];
const EXAMPLE: &str = include_str!("../../assets/config.toml");

/// The example with every option turned on: a comment that reads `# name = value` is an option.
fn uncommented() -> String {
    let option = |line: &str| {
        line.strip_prefix("# ")
            .filter(|rest| {
                rest.split_once(" = ").is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
            })
            .map(str::to_owned)
    };
    EXAMPLE.lines().map(|line| option(line).unwrap_or_else(|| line.to_owned())).collect::<Vec<_>>().join("\n")
}

fn long_options(command: &clap::Command) -> BTreeSet<String> {
    let longs = command.get_arguments().filter_map(clap::Arg::get_long);
    longs.filter(|long| !matches!(*long, "help" | "version" | "config")).map(str::to_owned).collect()
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_example_says_nothing_until_it_is_uncommented() {
    let table: toml::Table = EXAMPLE.parse().unwrap();
    assert!(table.values().all(|value| value.as_table().is_some_and(toml::Table::is_empty)), "{table:?}");
}

#[test]
fn the_example_lists_every_option() {
    let mut table: toml::Table = uncommented().parse().unwrap();
    let program = Cli::command();
    for name in CONFIGURED {
        let listed = table.remove(name).unwrap_or_else(|| panic!("no [{name}]"));
        let listed: BTreeSet<String> = listed.as_table().unwrap().keys().cloned().collect();
        assert_eq!(listed, long_options(program.find_subcommand(name).unwrap()), "[{name}]");
    }
    assert_eq!(table.keys().cloned().collect::<BTreeSet<_>>(), long_options(&program));
}

#[test]
fn the_example_is_accepted_with_every_option_turned_on() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(&file, uncommented()).unwrap();
    for name in CONFIGURED {
        let arguments: Vec<OsString> = vec!["cabstand".into(), "--config".into(), (&file).into(), name.into()];
        let command = config::layered(Cli::command(), &arguments).unwrap();
        let matches = command.try_get_matches_from(arguments).unwrap_or_else(|e| panic!("{name}: {e}"));
        Cli::from_arg_matches(&matches).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn the_example_tells_the_true_defaults() {
    let table: toml::Table = uncommented().parse().unwrap();
    let program = Cli::command();
    for name in CONFIGURED {
        let command = program.find_subcommand(name).unwrap();
        for (option, value) in table[name].as_table().unwrap() {
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(option)).unwrap();
            let Some(default) = arg.get_default_values().first().filter(|_| arg.get_action().takes_values()) else {
                continue;
            };
            let figure = |text: &str| text.parse::<f64>().ok();
            let (default, said) = (default.to_string_lossy(), value.as_str().map_or(value.to_string(), str::to_owned));
            assert!(default == said || figure(&default).is_some_and(|f| Some(f) == figure(&said)), "[{name}] {option}");
        }
    }
}

#[test]
fn a_theme_that_there_is_not_is_answered_with_those_that_there_are() {
    let error = Cli::command().try_get_matches_from(["cabstand", "console", "--theme", "pink"]).unwrap_err();
    for theme in crate::console::model::ThemeName::ALL {
        assert!(error.to_string().contains(theme.as_str()), "{error}");
    }
}

#[test]
fn the_readme_names_every_command() {
    const README: &str = include_str!("../../README.md");
    let commands = Cli::command();
    for command in commands.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        assert!(["`cabstand ", "`"].iter().any(|start| README.contains(&format!("{start}{name}"))), "{name}");
    }
}
