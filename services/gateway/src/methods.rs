//! Every rpc that the edge knows, with its access rule, read from the descriptors.

use std::{collections::HashMap, sync::Arc};

use airside_api::access::v1 as access;
use airside_runtime::auth::Rule;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};

use crate::{GatewayError, live::Live};

/// The option that carries a rule.
const RULE: &str = "airside.access.v1.rule";

/// The rpcs of the health and reflection services: public, gRPC alone, `true` for unary.
const BUILT_IN: [(&str, bool); 3] = [
    ("/grpc.health.v1.Health/Check", true),
    ("/grpc.health.v1.Health/Watch", false),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", false),
];

/// One rpc.
#[derive(Debug, Clone)]
pub struct Method {
    /// Its path, such as `/airside.baggage.v1.BaggageService/GetBag`.
    pub path: Arc<str>,
    /// Who may call it.
    pub rule: Rule,
    /// True when it takes one message and answers one.
    pub is_unary: bool,
    /// What it takes and answers; `None` for an rpc that has no JSON form.
    pub messages: Option<(MessageDescriptor, MessageDescriptor)>,
    /// The streams that its answer is made from; `None` for an rpc that cannot be subscribed to.
    pub live: Option<Live>,
}

/// The rpcs by path.
#[derive(Debug, Clone)]
pub struct Methods(HashMap<Arc<str>, Arc<Method>>);

impl Methods {
    /// Reads the rpcs of all services, and adds those of health and reflection.
    ///
    /// # Errors
    /// When an rpc has no rule, or says of its streams what makes no sense.
    pub fn from_pool(pool: &DescriptorPool) -> Result<Self, GatewayError> {
        let built_in = BUILT_IN.map(|(path, is_unary)| Method {
            path: path.into(),
            rule: Rule { public: true, ..Rule::default() },
            is_unary,
            messages: None,
            live: None,
        });
        let mut methods = HashMap::from(built_in.map(|method| (method.path.clone(), Arc::new(method))));
        for descriptor in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let path: Arc<str> =
                format!("/{}/{}", descriptor.parent_service().full_name(), descriptor.name()).into();
            let rule =
                rule(pool, &descriptor).ok_or_else(|| GatewayError::NoRule { path: path.to_string() })?;
            let is_unary = !descriptor.is_client_streaming() && !descriptor.is_server_streaming();
            let messages = Some((descriptor.input(), descriptor.output()));
            let live = Live::of(pool, &descriptor).map_err(|(stream, problem)| GatewayError::Live {
                path: path.to_string(),
                stream,
                problem,
            })?;
            methods.insert(path.clone(), Arc::new(Method { path, rule, is_unary, messages, live }));
        }
        Ok(Self(methods))
    }

    /// Returns the rpc of a path.
    pub fn get(&self, path: &str) -> Option<&Arc<Method>> {
        self.0.get(path)
    }

    /// Returns every rpc.
    pub fn iter(&self) -> impl Iterator<Item = &Method> {
        self.0.values().map(AsRef::as_ref)
    }
}

/// Returns who may call an rpc, if its proto says it.
pub(crate) fn rule(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<Rule> {
    let extension = pool.get_extension_by_name(RULE)?;
    let options = method.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let value = options.get_extension(&extension);
    Some(value.as_message()?.transcode_to::<access::Rule>().ok()?.into())
}
