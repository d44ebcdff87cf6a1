// The administration of e-mail vendors' secrets, beside what the vendors call.
#pragma once

#include "net/surfaces/surface.hpp"

namespace leadlight::net {

/// `/v1/admin/email-vendors`, scope `admin`.
void add_email_vendor_administration(Router& router, const SurfaceContext& context);

}  // namespace leadlight::net
