//! Generated code of every Airside interface, and the codec that it speaks with.
//!
//! The manual is in the comments of `proto/`. One module for each proto
//! package; [`pool`] gives the descriptors, with every rpc's access rule.

#![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]

mod codec;

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

macro_rules! package {
    ($domain:ident) => {
        #[doc = concat!("Package `airside.", stringify!($domain), "`.")]
        pub mod $domain {
            #[doc = concat!("Package `airside.", stringify!($domain), ".v1`.")]
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/airside.", stringify!($domain), ".v1.rs"));
            }
        }
    };
}

package!(access);
package!(baggage);
package!(flights);
package!(navigation);
package!(notifications);
package!(privacy);
package!(runtime);
package!(trips);

/// The encoded `FileDescriptorSet` of all packages, with comments.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("the build encoded this set itself"));

/// Returns the descriptors of all packages.
pub fn pool() -> &'static DescriptorPool {
    &POOL
}
