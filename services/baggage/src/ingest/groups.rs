//! Elements into passenger groups.
//!
//! A message is a sequence of groups without an end mark. A group is a run of bags with what is
//! said about them, so the next one begins where the bags of this one are done and something
//! begins anew: another `.N` or `.B` after any other element of the group, or, where the group has
//! one already, another `.F`, `.I`, `.J` or `.U`. Order is otherwise free: senders disagree about
//! it, and a message is never refused for it.

use std::mem;

use super::dates::{Reference, Window};
use super::fields::Status;
use super::findings::{Finding, Notes};
use super::grammar::{KNOWN, Shape, Standing};
use super::message::{Element, Group, MessageType};
use super::read::{Item, Reading};
use super::tags::{Named, Novelty, Tag};

/// How many onward flights a group follows; each group after it may take them over.
const ONWARD_MAX: usize = 8;

/// Reads the elements of one message in order.
pub(super) struct Grouping<'a, 'n> {
    kind: MessageType,
    reference: &'n Reference,
    notes: &'n mut Notes,
    named: Named,
    groups: Vec<Group<'a>>,
    group: Group<'a>,
    state: State<'a>,
    any_tag: bool,
}

/// What the group being read has seen.
#[derive(Clone, Copy, Default)]
struct State<'a> {
    /// The element that began it; nothing is open without one.
    first: Option<Element<'a>>,
    /// Letters that stood in this group, as bits.
    own: u32,
    /// It has named a bag, a no-read, or something meant as a tag.
    tagged: bool,
    /// Another element came after its bags.
    past_tags: bool,
    rank: usize,
}

impl<'a, 'n> Grouping<'a, 'n> {
    pub(super) fn new(kind: MessageType, reference: &'n Reference, notes: &'n mut Notes) -> Self {
        let (named, groups, group) = (Named::default(), Vec::new(), Group::default());
        Self { kind, reference, notes, named, groups, group, state: State::default(), any_tag: false }
    }

    /// Reads the next element.
    pub(super) fn read(&mut self, index: usize, element: Element<'a>) {
        let Some(letter) = element.letter else { return self.read_stray(element) };
        if matches!(letter, 'V' | 'A') {
            return;
        }
        if self.begins_group(letter) {
            self.begin_group(letter, index);
        }
        if self.state.first.is_none() {
            self.state.first = Some(element);
            self.group.elements = index..index;
        }
        self.check_order(letter, element);
        self.read_typed(letter, element);
        let (tag, known) = (matches!(letter, 'N' | 'B'), KNOWN.contains(letter));
        self.state.own |= bit(letter);
        self.state.tagged |= tag;
        self.any_tag |= tag;
        self.state.past_tags |= self.state.tagged && known && !tag;
    }

    /// Closes the last group. Says whether anything was meant as a tag.
    pub(super) fn finish(mut self, end: usize) -> (Vec<Group<'a>>, bool) {
        if let Some(first) = self.state.first.filter(|_| !self.state.tagged && !self.groups.is_empty()) {
            self.notes.element(Finding::GroupWithoutBag, &first, 0);
        }
        self.close_group(end);
        (self.groups, self.any_tag)
    }

    fn read_stray(&mut self, element: Element<'a>) {
        let mut characters = element.text.chars();
        let dotted = characters.next() == Some('.');
        let tag_letter = matches!(characters.next(), Some('N' | 'n' | 'B' | 'b'));
        let digits = characters.as_str().trim_start().starts_with(|c: char| c.is_ascii_digit());
        let finding = match (dotted, tag_letter && digits) {
            (true, true) => Finding::TagUnreadable,
            (true, false) => Finding::ElementForm,
            (false, _) => Finding::StrayLine,
        };
        self.any_tag |= finding == Finding::TagUnreadable;
        self.notes.element(finding, &element, 0);
    }

    fn begins_group(&self, letter: char) -> bool {
        let (group, state) = (&self.group, &self.state);
        let named = !group.names.is_empty();
        state.tagged
            && match letter {
                'N' | 'B' => state.past_tags,
                'F' => group.outbound.is_some() || named,
                'I' => group.inbound.is_some() || named,
                'J' => group.processing.is_some() || named,
                'U' => group.stowage.is_some() || named,
                _ => false,
            }
    }

    /// Begins a group at an element, with what it takes over from the one before.
    fn begin_group(&mut self, letter: char, index: usize) {
        self.close_group(index);
        let last = self.groups.last();
        let processing = last.and_then(|g| g.processing).filter(|_| letter != 'J');
        let mut group = Group { processing, ..Group::default() };
        if let Some(last) = last.filter(|_| matches!(letter, 'N' | 'B' | 'U')) {
            (group.outbound, group.inbound) = (last.outbound, last.inbound);
            group.onward.clone_from(&last.onward);
            group.stowage = last.stowage.filter(|_| letter != 'U');
        } else if let Some(last) = last.filter(|_| self.kind == MessageType::Btm && letter == 'F') {
            // One inbound flight brings the bags of many outbound ones.
            group.inbound = last.inbound;
        }
        self.group = group;
    }

    fn close_group(&mut self, end: usize) {
        if self.state.first.is_none() {
            return;
        }
        self.named.next_group();
        self.group.elements.end = end;
        self.groups.push(mem::take(&mut self.group));
        self.state = State::default();
    }

    /// Notes an element that stands out of order. Nothing else comes of it.
    fn check_order(&mut self, letter: char, element: Element<'a>) {
        match Shape::of(self.kind).standing(letter) {
            Standing::Unknown => self.notes.element(Finding::ElementUnknown, &element, 0),
            Standing::Unexpected => self.notes.element(Finding::ElementUnexpected, &element, 0),
            Standing::Ranked(rank) if rank < self.state.rank => {
                self.notes.element(Finding::Order, &element, 0);
            }
            Standing::Ranked(rank) => self.state.rank = rank,
            Standing::Free => {}
        }
    }

    fn read_typed(&mut self, letter: char, element: Element<'a>) {
        let repeated = self.state.own & bit(letter) != 0;
        if "FIJUSWLDGHQYCTK".contains(letter) && repeated {
            self.notes.element(Finding::ElementRepeated, &element, 0);
        }
        let mut reading = Reading::new(element, self.reference, self.notes);
        let group = &mut self.group;
        match letter {
            'N' | 'B' => self.read_tags(letter, element),
            'F' if !repeated => group.outbound = Some(reading.flight(Window::Outbound)),
            'I' if !repeated => group.inbound = Some(reading.flight(Window::Inbound)),
            'O' => {
                if !repeated {
                    group.onward.clear();
                }
                if group.onward.len() < ONWARD_MAX {
                    group.onward.push(reading.flight(Window::Onward));
                } else {
                    reading.note(Finding::OnwardMany, Item { text: "", offset: 0 });
                }
            }
            'J' if !repeated => group.processing = Some(reading.processing()),
            'U' if !repeated => group.stowage = Some(reading.stowage()),
            'S' => {
                let read = reading.security();
                let held = |said: Option<bool>| said == Some(false);
                let first = group.security.get_or_insert(read);
                if held(read.to_load) {
                    first.to_load = read.to_load;
                }
                if held(read.to_transport) {
                    first.to_transport = read.to_transport;
                }
            }
            'W' if !repeated => group.weight = Some(reading.weight()),
            'L' if !repeated => group.record_locator = reading.record_locator(),
            'P' => group.names.push(reading.name()),
            'X' => group.screening.push(reading.screening()),
            _ => group.particulars.read(letter, &mut reading),
        }
    }

    /// Reads `.N`, or `.B` with its status.
    fn read_tags(&mut self, letter: char, element: Element<'a>) {
        let mut reading = Reading::new(element, self.reference, self.notes);
        let whole = Item { text: "", offset: 0 };
        if self.state.own & (bit('N') | bit('B')) & !bit(letter) != 0 {
            reading.note(Finding::StatusBesideTag, whole);
        }
        let mut status = (letter == 'B').then(|| {
            let (code, text) = reading.status();
            Status { code, text, bags: Vec::new() }
        });
        let mut empty = true;
        while let Some(item) = reading.next_item() {
            empty &= item.text.is_empty();
            let Some(tag) = read_tag(&mut reading, item, self.kind) else { continue };
            if !self.named.admit(tag) {
                reading.note(Finding::TooManyBags, item);
                continue;
            }
            if let Tag::NoRead(count) = tag {
                self.group.no_reads += u32::from(count);
            }
            for plate in tag.plates() {
                match self.named.name(plate) {
                    Novelty::New => self.group.bags.push(plate),
                    Novelty::InThisGroup if letter == 'B' => {}
                    Novelty::InThisGroup => reading.note(Finding::TagRepeated, item),
                    Novelty::InAnotherGroup => reading.note(Finding::TagShared, item),
                }
                status.iter_mut().for_each(|status| status.bags.push(plate));
            }
        }
        match &status {
            Some(_) if empty => reading.note(Finding::StatusWithoutTag, whole),
            None if empty => reading.note(Finding::TagUnreadable, whole),
            _ => {}
        }
        self.group.statuses.extend(status);
    }
}

/// Reads one tag item and says what is odd about it; an empty one is nothing.
fn read_tag<'a>(reading: &mut Reading<'a, '_>, item: Item<'a>, kind: MessageType) -> Option<Tag> {
    if item.text.is_empty() {
        return None;
    }
    let read = Tag::read(item.text);
    let (odd, tag) = match read {
        Ok((tag, odd)) => (odd, Some(tag)),
        Err(finding) => (Some(finding), None),
    };
    let odd = odd.filter(|odd| *odd != Finding::TagCountMissing || !Shape::of(kind).single_plates);
    let remark = tag.and_then(|tag| tag.remark(kind));
    for finding in [odd, remark].into_iter().flatten() {
        reading.note(finding, item);
    }
    tag
}

fn bit(letter: char) -> u32 {
    1 << (u32::from(letter).wrapping_sub(u32::from('A')) % 32)
}
