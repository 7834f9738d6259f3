//! Protobuf as gRPC writes it, with a small buffer for what is sent.
//!
//! A stream that says little for hours keeps its buffer all the while, and the usual one is
//! most of what a passenger's session costs. A larger message lets it grow as it needs.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

/// How much room a call has for what it sends, before it grows, bytes.
const SEND_BYTES: usize = 512;
/// From how many bytes on several messages of a stream are handed over at once.
const YIELD_BYTES: usize = 32 * 1024;

/// The codec of every rpc.
#[derive(Debug, Clone)]
pub struct Frugal<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Frugal<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for Frugal<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> ProstEncoder<T> {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(SEND_BYTES, YIELD_BYTES))
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstCodec::<T, U>::default().decoder()
    }
}
