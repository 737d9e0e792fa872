# SPDX-License-Identifier: GPL-2.0
# How kbuild compiles a C++ source (x.cc) into a module object, on 6.1 to 7.2. Included from
# Kbuild. It is no list of flags: what a kernel wants its code to be compiled with is taken
# from that kernel's own C flags, less what C++ does not have.

# What only C has. The compiler is asked which warnings it refuses for C++; the answer differs
# from kernel to kernel.
cxx-refused := $(if $(CONFIG_CC_IS_GCC),$(shell LC_ALL=C $(CC) -x c++ -fsyntax-only \
	$(filter-out -std=%,$(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE)) /dev/null 2>&1 | \
	sed -n "s/^cc1plus: warning: .*'\(-W[^']*\)' is \(not \)\?valid for .*/\1/p"))
cxx-dropped := -std=% -nostdinc -fplugin% $(cxx-refused)

# objtool takes no name of more than 128 characters for a function that has a cold part, which many sanitizers give to ours.
cxx-sanitized := $(if $(CONFIG_KASAN),-fno-reorder-blocks-and-partition)

# The restricted language. Debug information of C++ breaks the BTF step of kernels from 6.12 on,
# so there is none unless CXX_DEBUG=1 CONFIG_DEBUG_INFO_BTF_MODULES= are given to make.
cxx-language := -std=gnu++20 -ffreestanding -fno-exceptions -fno-rtti \
	-fno-threadsafe-statics -fno-use-cxa-atexit \
	$(if $(CONFIG_CC_IS_GCC),-fno-gnu-unique) $(if $(CXX_DEBUG),,-g0) \
	$(cxx-sanitized)

# _c_flags without the kernel's include folders: C++ sees no kernel header.
cxx_flags = -Wp,-MMD,$(depfile) $(filter-out $(cxx-dropped),$(_c_flags) $(modkern_cflags)) \
	$(cxx-language) $(cxxflags-y) $(CXXFLAGS_$(target-stem).o) \
	$(basename_flags) $(modname_flags)

# Two objects may hold the same inline function in a COMDAT group. Groups are dissolved before
# objtool looks, or the sections that point into a discarded copy break the module.
cxx-ungroup = $(LD) $(KBUILD_LDFLAGS) -r --force-group-allocation -o $(tmp-target) $@; \
	mv $(tmp-target) $@
# Global constructors never run in a module of a stock kernel, thread-local data does not exist:
# either in an object is an error. Kernels with CONFIG_CONSTRUCTORS put their own there.
cxx-no-constructors = $(if $(CONFIG_CONSTRUCTORS),:,! $(OBJDUMP) -h $@ | \
	grep -E ' \.(init_array|fini_array|ctors|dtors|tdata|tbss) ' >&2)

# Steps are joined with ';': kbuild's shell stops at the first that fails, '&&' would hide it.
quiet_cmd_cxx_o_cc = CXX $(quiet_modtag) $@
      cmd_cxx_o_cc = $(CC) -x c++ $(cxx_flags) -c -o $@ $<; ( $(cxx-no-constructors) ); \
	$(cxx-ungroup) $(cmd_objtool)

define rule_cxx_o_cc
	$(call cmd_and_fixdep,cxx_o_cc)
	$(call cmd,check_local_export)
	$(call cmd,gen_objtooldep)
endef

$(obj)/%.o: $(obj)/%.cc FORCE
	$(call if_changed_rule,cxx_o_cc)
