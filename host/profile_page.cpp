#include "host/profile_page.h"
namespace vnpu::cli {
void write_profile_page(const Profile&, const std::string&, std::ostream&) {}
}
