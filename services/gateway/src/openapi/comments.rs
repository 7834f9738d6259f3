//! What the protos say of each thing: the comment in front of it.

use std::collections::HashMap;

use prost_reflect::{
    DescriptorPool, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor,
    MethodDescriptor, ServiceDescriptor,
};

/// The comments of all files, by file and path in it.
pub(crate) struct Comments(HashMap<(String, Vec<i32>), String>);

impl Comments {
    /// Reads the comments of all files.
    pub(crate) fn of(pool: &DescriptorPool) -> Self {
        let mut said = HashMap::new();
        for file in pool.files() {
            let source = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
            for location in source.location {
                if let Some(text) = &location.leading_comments {
                    said.insert((file.name().to_owned(), location.path), unwrapped(text));
                }
            }
        }
        Self(said)
    }

    pub(crate) fn of_service(&self, service: &ServiceDescriptor) -> String {
        self.at(&service.parent_file(), service.path())
    }

    pub(crate) fn of_method(&self, method: &MethodDescriptor) -> String {
        self.at(&method.parent_service().parent_file(), method.path())
    }

    pub(crate) fn of_message(&self, message: &MessageDescriptor) -> String {
        self.at(&message.parent_file(), message.path())
    }

    pub(crate) fn of_field(&self, field: &FieldDescriptor) -> String {
        self.at(&field.parent_message().parent_file(), field.path())
    }

    pub(crate) fn of_enum(&self, one: &EnumDescriptor) -> String {
        self.at(&one.parent_file(), one.path())
    }

    pub(crate) fn of_value(&self, value: &EnumValueDescriptor) -> String {
        self.at(&value.parent_enum().parent_file(), value.path())
    }

    fn at(&self, file: &FileDescriptor, path: &[i32]) -> String {
        self.0.get(&(file.name().to_owned(), path.to_vec())).cloned().unwrap_or_default()
    }
}

/// Joins the lines of a paragraph; lists, tables and empty lines stay lines of their own.
fn unwrapped(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.lines().map(str::trim) {
        let begins = line.is_empty() || line.starts_with(['|', '-', '*', '`']);
        if !joined.is_empty() {
            joined.push(if begins || joined.ends_with(['\n', '|']) { '\n' } else { ' ' });
        }
        joined.push_str(line);
    }
    joined.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_paragraph_are_joined_and_a_table_stays_one() {
        let text = " One sentence that\n goes on.\n\n | a | b |\n |---|---|\n | 1 | 2 |\n";
        assert_eq!(unwrapped(text), "One sentence that goes on.\n\n| a | b |\n|---|---|\n| 1 | 2 |");
    }
}
