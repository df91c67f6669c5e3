from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, get, rmdir
from conan.tools.scm import Version
import os


class CachesiteConan(ConanFile):
    name = "cachesite"
    version = "0.1.0"
    license = "MIT"
    description = "A component site for C++: caches declared in a file, found by name"
    topics = ("cache", "redis", "configuration")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "with_tool": [True, False]}
    default_options = {"shared": False, "fPIC": True, "with_tool": False}

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def layout(self):
        cmake_layout(self, src_folder="src")

    def requirements(self):
        self.requires("hiredis/[>=1.0 <2]")
        self.requires("lz4/[>=1.9 <2]")
        self.requires("nlohmann_json/[>=3.9 <4]", visible=False)
        self.requires("openssl/[>=3 <4]")
        self.requires("spdlog/[>=1.10 <2]")
        self.requires("tomlplusplus/[>=3.0 <4]", visible=False)
        self.requires("yaml-cpp/[>=0.7 <1]")
        self.requires("zlib/[>=1.2.11 <2]")
        self.requires("zstd/[>=1.5 <2]")
        if self.options.with_tool:
            self.requires("cli11/[>=2.0 <3]", visible=False)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("cachesite is for Linux")
        check_min_cppstd(self, 20)
        oldest = {"gcc": "12", "clang": "14"}.get(str(self.settings.compiler))
        if oldest is None or Version(self.settings.compiler.version) < oldest:
            raise ConanInvalidConfiguration("cachesite needs gcc 12 or clang 14, or a later one")

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["CACHESITE_TESTS"] = False
        toolchain.cache_variables["CACHESITE_EXAMPLES"] = False
        toolchain.cache_variables["CACHESITE_TOOL"] = bool(self.options.with_tool)
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        for folder in ("lib/cmake", "lib/pkgconfig", "share/doc"):
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        self.cpp_info.libs = ["cachesite"]
        self.cpp_info.set_property("cmake_file_name", "cachesite")
        self.cpp_info.set_property("cmake_target_name", "cachesite::cachesite")
        self.cpp_info.set_property("pkg_config_name", "cachesite")
        self.cpp_info.system_libs = ["pthread"]
        self.cpp_info.requires = ["hiredis::hiredis", "lz4::lz4", "openssl::ssl", "openssl::crypto", "spdlog::spdlog",
                                  "yaml-cpp::yaml-cpp", "zlib::zlib", "zstd::zstd"]
