//! The elements of a document, one by one, with the line of each; nothing expands, all has bounds.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// How deep elements may stand in each other; AIDX needs 8.
const DEPTH_MAX: usize = 32;
/// How much text of an element is kept, in bytes; the longest that is read has some 30.
const TEXT_MAX: usize = 256;
/// The attributes that are kept.
const ATTRIBUTES: [&str; 5] = ["TimeStamp", "OperationQualifier", "TimeType", "DepartureOrArrival", "Usage"];

/// An element that was begun.
#[derive(Debug)]
pub(super) struct Element {
    /// Its name without a prefix.
    pub(super) name: String,
    /// The line at which it begins.
    pub(super) line: usize,
    /// Its own text so far.
    pub(super) text: String,
    attributes: Vec<(&'static str, String)>,
}

impl Element {
    /// Returns an attribute that is kept.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn push(&mut self, text: &str) {
        let room = TEXT_MAX.saturating_sub(self.text.len());
        let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.text.push_str(&text[..end]);
    }
}

/// What a step found.
pub(super) enum Step {
    /// An element began; it is the top.
    Begin,
    /// An element ended; the top is what it stands in.
    End(Element),
    /// The document ended.
    Done,
}

/// Walks through a document.
pub(super) struct Elements<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    open: Vec<Element>,
    /// Up to where lines are counted, and how many they are.
    counted: (usize, usize),
    has_root: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_reader(text.as_bytes());
        reader.config_mut().expand_empty_elements = true;
        Self { text, reader, open: Vec::new(), counted: (0, 1), has_root: false }
    }

    /// Returns the elements that are open, from the outermost.
    pub(super) fn open(&self) -> &[Element] {
        &self.open
    }

    /// Returns the innermost open element.
    pub(super) fn top(&self) -> &Element {
        self.open.last().expect("it is asked after a begin")
    }

    /// Walks to the next beginning or end of an element.
    pub(super) fn step(&mut self) -> Result<Step, String> {
        loop {
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = self.reader.error_position();
                    return Err(self.refusal(at, &format!("the document is broken here: {error}")));
                }
            };
            match event {
                Event::Start(start) => return self.begin(&start).map(|()| Step::Begin),
                Event::End(_) => {
                    if let Some(element) = self.open.pop() {
                        return Ok(Step::End(element));
                    }
                }
                Event::Text(text) => self.push(&text.decode().unwrap_or_default())?,
                Event::CData(text) => self.push(&text.decode().unwrap_or_default())?,
                Event::GeneralRef(name) => {
                    let character = match name.resolve_char_ref() {
                        Ok(Some(character)) => Some(character),
                        Ok(None) => predefined(&name),
                        Err(_) => None,
                    };
                    let Some(character) = character else {
                        return Err(self.refused_here("it names an entity that XML itself does not have"));
                    };
                    self.push(character.encode_utf8(&mut [0; 4]))?;
                }
                Event::DocType(_) => {
                    return Err(self.refused_here("a document type is declared: send it without"));
                }
                Event::Eof if !self.open.is_empty() => {
                    return Err(self.refused_here("the document ends inside this element"));
                }
                Event::Eof => return Ok(Step::Done),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.open.is_empty() && self.has_root {
            return Err(self.refused_here("a second document begins: send one in a file"));
        }
        if self.open.len() == DEPTH_MAX {
            return Err(self.refused_here(&format!("elements stand more than {DEPTH_MAX} deep")));
        }
        self.has_root = true;
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let Ok(attribute) = attribute else {
                return Err(self.refused_here("an attribute of an element in it is broken"));
            };
            let name = ATTRIBUTES.into_iter().find(|known| known.as_bytes() == attribute.key.as_ref());
            if let Some(name) = name {
                let value = String::from_utf8_lossy(&attribute.value).chars().take(TEXT_MAX).collect();
                attributes.push((name, value));
            }
        }
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        let line = self.line(self.reader.buffer_position());
        self.open.push(Element { name, line, text: String::new(), attributes });
        Ok(())
    }

    fn push(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => element.push(text),
            None if text.trim().is_empty() => {}
            None => return Err(self.refused_here("text stands outside of all elements")),
        }
        Ok(())
    }

    fn refused_here(&mut self, problem: &str) -> String {
        let at = self.reader.buffer_position();
        self.refusal(at, problem)
    }

    fn refusal(&mut self, at: u64, problem: &str) -> String {
        let line = self.line(at);
        match self.open.last() {
            Some(element) => format!("line {line}, {}: {problem}", shown(&element.name)),
            None => format!("line {line}: {problem}"),
        }
    }

    /// Returns the line of a place that is not before the last one asked for.
    fn line(&mut self, at: u64) -> usize {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(self.text.len());
        let (from, lines) = self.counted;
        if at > from {
            let more = self.text.as_bytes()[from..at].iter().filter(|byte| **byte == b'\n').count();
            self.counted = (at, lines + more);
        }
        self.counted.1
    }
}

/// Names come from the document; a reason shows only what a name of AIDX could be.
fn shown(name: &str) -> &str {
    let is_plain = name.len() <= 48 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_plain { name } else { "an element" }
}

fn predefined(name: &[u8]) -> Option<char> {
    Some(match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"apos" => '\'',
        b"quot" => '"',
        _ => return None,
    })
}
