//! A password that was given on the command line is taken out of it: everybody on a machine can read the arguments of every
//! process, and nobody but root the variables of another's.
//!
//! The program starts itself anew in its own place, under the same process id, with the password in a variable. For the
//! milliseconds until then it could be read, and a shell may keep the line in its history: a file or a variable is better.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::store::{Split, Written};

/// The variable in which it is handed on, as it stood in the URL. The program's own; nobody has to set it.
pub(super) const HANDED_ON: &str = "CABSTAND_REDIS_URL_PASSWORD";
/// The option whose value is a URL, also where it does not look like one.
const OPTION: &str = "--redis";

/// Starts this program anew without a password in its arguments, where there is one. Comes back where there is none, or with
/// the reason why that cannot be done.
pub(super) fn hide(arguments: &[OsString]) -> io::Result<()> {
    let Some((arguments, password)) = without_password(arguments) else { return Ok(()) };
    let mut command = Command::new(env::current_exe()?);
    if let Some((name, rest)) = arguments.split_first() {
        command.arg0(name).args(rest);
    }
    Err(command.env(HANDED_ON, password.handed_on()).exec())
}

/// The password that was taken out of the arguments of this process, if one was.
pub(super) fn handed_on() -> Option<Written> {
    env::var(HANDED_ON).ok().map(Written::new)
}

/// The arguments without the passwords of URLs, and the last of these; none where there is none. URLs that stand where they
/// do not belong are looked at, too.
fn without_password(arguments: &[OsString]) -> Option<(Vec<OsString>, Written)> {
    let mut password = None;
    let mut cleared = Vec::with_capacity(arguments.len());
    let mut before = None;
    for argument in arguments {
        let text = argument.to_str().unwrap_or_default();
        let (option, url) = url_in(text, before == Some(OPTION)).unwrap_or((text, ""));
        let split = Split::of(url);
        before = Some(text);
        match split.password {
            Some(found) => {
                password = Some(found);
                cleared.push(format!("{option}{}", split.url).into());
            }
            None => cleared.push(argument.clone()),
        }
    }
    password.map(|password| (cleared, password))
}

/// The URL in an argument, `URL` or `--option=URL`, and what stands before it.
fn url_in(argument: &str, is_value: bool) -> Option<(&str, &str)> {
    if is_value || Split::is_url(argument) {
        return Some(("", argument));
    }
    let (before, url) = argument.split_at_checked(argument.find('=')? + 1)?;
    (Split::is_url(url) || before.strip_suffix('=') == Some(OPTION)).then_some((before, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_leave_the_arguments_wherever_they_stand() {
        let cleared = |words: &str| {
            let arguments: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            without_password(&arguments).map(|(arguments, password)| {
                let arguments = arguments.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
                (arguments, password.handed_on().to_owned())
            })
        };
        let some = |words: &str| Some((words.to_owned(), "secret".to_owned()));
        assert_eq!(
            cleared("cabstand --redis redis://u:secret@h drivers"),
            some("cabstand --redis redis://u@h drivers")
        );
        assert_eq!(cleared("cabstand --redis=rediss://:secret@h"), some("cabstand --redis=rediss://h"));
        assert_eq!(cleared("cabstand unix:/s?pass=secret&db=1"), some("cabstand unix:/s?db=1"));
        assert_eq!(cleared("cabstand redis://u:a@h redis://u:secret@h"), some("cabstand redis://u@h redis://u@h"));
        assert_eq!(cleared("cabstand --redis u:secret@h"), some("cabstand --redis u@h"));
        assert_eq!(cleared("cabstand --redis=redis:u:secret@h"), some("cabstand --redis=redis:u@h"));
        for words in ["cabstand --redis redis://u@h", "cabstand --api http://u:secret@h", "cabstand move a --to=1,2"] {
            assert_eq!(cleared(words), None, "{words}");
        }
    }
}
